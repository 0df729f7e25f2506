using Understudy.Guest;
using Understudy.Toolchain;

namespace Understudy.Boards;

/// <summary>What to boot, and in what.</summary>
/// <param name="Kernel">The kernel.</param>
public sealed record BootSpec(Kernel Kernel)
{
    /// <summary>Modules the guest must be able to load, with all they depend on.</summary>
    public IReadOnlyList<string> Modules { get; init; } = [];

    /// <summary>Virtual CPUs.</summary>
    public int Cpus { get; init; } = 1;

    /// <summary>Guest memory, in MiB.</summary>
    public int MemoryMebibytes { get; init; } = 256;

    /// <summary>More kernel arguments, after the board's own.</summary>
    public IReadOnlyList<string> KernelArguments { get; init; } = [];

    /// <summary>More arguments for QEMU, after the board's own.</summary>
    public IReadOnlyList<string> QemuArguments { get; init; } = [];

    /// <summary>Slots kept free for devices that are added later.</summary>
    public int SpareSlots { get; init; } = 2;

    /// <summary>Lets posted writes gather before they are sent to the devices: for drivers that write much and wait for nothing. Off, a
    /// read comes back and an interrupt arrives sooner.</summary>
    public bool QueuedSends { get; init; }

    /// <summary>Answers what somebody in the guest asks of a device; null answers that there is nobody to ask.</summary>
    public Func<DeviceCommand, Task<DeviceReply>>? OnDeviceCommand { get; init; }

    /// <summary>Seed of everything random in the devices.</summary>
    public int Seed { get; init; }

    /// <summary>Host time until the agent must answer.</summary>
    public TimeSpan BootLimit { get; init; } = TimeSpan.FromSeconds(90);
}
