using Understudy.Guest;
using Understudy.Transports;

namespace Understudy.Boards;

/// <summary>One machine, used for one boot. Disposing of it ends whatever still runs and leaves nothing behind. A machine that broke stays
/// broken.</summary>
public interface IMachine : IAsyncDisposable
{
    /// <summary>Where devices are plugged in: before <see cref="PowerOnAsync"/>.</summary>
    IPciTransport Pci { get; }

    /// <summary>Everything the guest prints on its serial console.</summary>
    SerialConsole Console { get; }

    /// <summary>The agent in the guest, from <see cref="PowerOnAsync"/> on.</summary>
    /// <exception cref="InvalidOperationException">The machine has not booted.</exception>
    GuestAgent Guest { get; }

    /// <summary>How the machine ended; completes once, whatever ends it.</summary>
    Task<MachineExit> Exit { get; }

    /// <summary>What runs the guest's instructions, and why that and nothing faster.</summary>
    Accelerator Accelerator { get; }

    /// <summary>The virtual time it is, in nanoseconds since the guest was switched on; null where time is the host's.</summary>
    long? VirtualNanoseconds => null;

    /// <summary>How gdb gets at the guest, once it has booted; null where it cannot.</summary>
    DebugTarget? Debugging => null;

    /// <summary>Boots until the agent answers.</summary>
    /// <param name="cancel">Gives up and kills the machine.</param>
    /// <exception cref="BootFailedException">The kernel did not get that far; says at which stage it stopped.</exception>
    /// <exception cref="LabFailedException">We, or the machine's host program, did not.</exception>
    Task PowerOnAsync(CancellationToken cancel = default);

    /// <summary>Asks the guest to power off, and pulls the plug when it does not within <paramref name="grace"/>.</summary>
    /// <exception cref="InvalidOperationException">The machine was never switched on.</exception>
    Task<MachineExit> ShutDownAsync(TimeSpan grace);

    /// <summary>Where every CPU is, for a guest that no longer answers; empty where the board cannot tell.</summary>
    Task<string> InspectAsync(CancellationToken cancel = default);

    /// <summary>Has a kernel whose agent no longer answers tell over its serial console what its tasks do (SysRq w, l and t); empty where the
    /// kernel does not answer either, or the board has no way to ask.</summary>
    Task<string> AskTasksAsync(CancellationToken cancel = default) => Task.FromResult("");

    /// <summary>Writes the guest's memory where the spec says, once; does nothing where it says nowhere, or the board cannot. Returns when it is
    /// written.</summary>
    Task DumpMemoryAsync() => Task.CompletedTask;

    /// <summary>Makes a guest that no longer answers say where it is stuck, by an interrupt it cannot refuse: it panics on it and shows its
    /// stack on the console. A board that has none does nothing.</summary>
    Task InterruptAsync(CancellationToken cancel = default) => Task.CompletedTask;
}
