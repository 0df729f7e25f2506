namespace Understudy.Verdict;

/// <summary>Something the runner saw from outside the guest.</summary>
/// <param name="Kind">What it was.</param>
/// <param name="Time">Host seconds since the run's start.</param>
/// <param name="Text">One sentence with the particulars: exit code, limit, errno.</param>
/// <param name="Lines">What there is to show for it, such as the last lines QEMU wrote.</param>
public sealed record RunSignal(SignalKind Kind, double Time, string Text, IReadOnlyList<string> Lines)
{
    /// <summary>A signal with nothing to show but its sentence.</summary>
    public RunSignal(SignalKind kind, double time, string text) : this(kind, time, text, []) { }

    /// <summary>Whether it proves that the kernel died, whatever else was lost with it.</summary>
    public bool IsKernelDeath => Kind is SignalKind.GuestPanicked or SignalKind.GuestReset or SignalKind.WatchdogBit;

    /// <summary>
    /// Whether it says nothing about the driver unless the kernel gave a cause: the lab lost its machine, its agent or its disk.
    /// A kernel that panicked, reset, starved its watchdog, never came to init or ran over its time is the one under test.
    /// </summary>
    public bool IsLabFault => Kind is SignalKind.FirmwareHung or SignalKind.KernelSilent or SignalKind.NoAgent or SignalKind.AgentLost
        or SignalKind.MachineDied or SignalKind.DiskFull or SignalKind.LabFault;
}
