using Understudy.Guest;
using Understudy.Toolchain;

namespace Understudy.Boards;

/// <summary>What to boot, and in what.</summary>
/// <param name="Kernel">The kernel.</param>
public sealed record BootSpec(Kernel Kernel)
{
    /// <summary>Modules the guest must be able to load, with all they depend on.</summary>
    public IReadOnlyList<string> Modules { get; init; } = [];

    /// <summary>How the guest comes up. What a guest is saved for is this spec, without <see cref="OnDeviceCommand"/> and
    /// <see cref="Seed"/>: specs that differ in anything else have saved guests of their own.</summary>
    public GuestStart Start { get; init; } = GuestStart.Cold;

    /// <summary>Modules that are loaded, in this order, before anybody else gets to the guest: in a restored one before it was saved, so that
    /// a driver meets its device without having to be loaded first.</summary>
    public IReadOnlyList<string> Preloaded { get; init; } = [];

    /// <summary>A restored guest's random numbers are its own. Without it all that come from one saved guest draw the same, which repeats
    /// better.</summary>
    public bool FreshRandomNumbers { get; init; } = true;

    /// <summary>Told, in words, what goes on beside the plan: that a guest is booted to be saved, or that a saved one was of no use.</summary>
    public Action<string>? OnNote { get; init; }

    /// <summary>Virtual CPUs.</summary>
    public int Cpus { get; init; } = 1;

    /// <summary>Guest memory, in MiB.</summary>
    public int MemoryMebibytes { get; init; } = 256;

    /// <summary>The machine's IOMMU. Every page a guest maps through it is a message to the devices' models.</summary>
    public GuestIommu Iommu { get; init; }

    /// <summary>More kernel arguments, after the board's own.</summary>
    public IReadOnlyList<string> KernelArguments { get; init; } = [];

    /// <summary>More arguments for QEMU, after the board's own.</summary>
    public IReadOnlyList<string> QemuArguments { get; init; } = [];

    /// <summary>A directory of the host that the guest can mount over 9P, by the tag <see cref="SharedTag"/>; null for none. What is in it,
    /// the guest may change; out of it, it cannot get. A board without QEMU gives its guests none.</summary>
    public string? SharedFolder { get; init; }

    /// <summary>What <see cref="SharedFolder"/> is called in the guest.</summary>
    public const string SharedTag = "shared";

    /// <summary>A disk, the guest's <c>/dev/vda</c>; null for none. Not with <see cref="GuestStart.Restored"/>: a saved guest remembers the
    /// disk as it was.</summary>
    public DiskImage? Disk { get; init; }

    /// <summary>Slots kept free for devices that are added later.</summary>
    public int SpareSlots { get; init; } = 2;

    /// <summary>Lets posted writes gather before they are sent to the devices: for drivers that write much and wait for nothing. Off, a
    /// read comes back and an interrupt arrives sooner.</summary>
    public bool QueuedSends { get; init; }

    /// <summary>Where a guest's memory is written when its kernel dies or hangs: a path without an extension, which tells the format
    /// (<c>.kdump</c>, <c>.elf</c>). Null for nowhere. Only QEMU can.</summary>
    public string? MemoryDump { get; init; }

    /// <summary>Answers what somebody in the guest asks of a device; null answers that there is nobody to ask.</summary>
    public Func<DeviceCommand, Task<DeviceReply>>? OnDeviceCommand { get; init; }

    /// <summary>Whose time the guest and its devices live in.</summary>
    public GuestTime Time { get; init; }

    /// <summary>Seed of everything random in the devices and, in virtual time, in the guest.</summary>
    public int Seed { get; init; }

    /// <summary>Host time until the agent must answer.</summary>
    public TimeSpan BootLimit { get; init; } = TimeSpan.FromSeconds(90);
}
