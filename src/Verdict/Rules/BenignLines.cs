namespace Understudy.Verdict.Rules;

/// <summary>A line that looks like a finding and is none.</summary>
/// <param name="Text">What the line contains.</param>
/// <param name="Reason">Why it says nothing about the driver.</param>
public sealed record BenignLine(string Text, string Reason);

/// <summary>Every excuse that is made for a log line, with its reason.</summary>
public static class BenignLines
{
    /// <summary>The built-in list.</summary>
    public static IReadOnlyList<BenignLine> All { get; } =
    [
        new("Command line: ", "the kernel quotes its own arguments, whatever words they hold"),
        new("Marking TSC unstable", "an emulated TSC does not keep pace with its reference clock"),
        new("TSC unstable", "an emulated TSC does not keep pace with its reference clock"),
        new("Perf NMI watchdog permanently disabled", "an emulated CPU has no performance counters"),
        new("Spectre V2 : WARNING: ", "a statement about the CPU model, not about running code"),
        new("Spectre v2 mitigation leaves CPU vulnerable", "a statement about the CPU model, not about running code"),
        new("WARNING: Unprivileged eBPF is enabled", "a statement about a setting of the guest"),
        new("MDS CPU bug present", "a statement about the CPU model, not about running code"),
        new("ACPI BIOS Warning (bug)", "the firmware's tables, not the kernel's fault"),
        new("ACPI BIOS Error (bug)", "the firmware's tables, not the kernel's fault"),
        new("[Firmware Bug]", "the firmware's tables, not the kernel's fault"),
        new("AER: enabled with IRQ", "the port driver says that it listens"),
        new("DMA-API: preallocated ", "DMA debugging says that it is on"),
        new("DMA-API: debugging enabled", "DMA debugging says that it is on"),
        new("DMA-API: debugging disabled", "DMA debugging says that it is off"),
        new("kmemleak: Kernel memory leak detector initialized", "kmemleak says that it is on"),
        new("kmemleak: Automatic memory scanning thread started", "kmemleak says that it is on"),
        new("WARNING: notice: a userspace", "a note about a guest program"),
        new("FAULT_INJECTION: forcing a failure", "a failure that was asked for, with a trace to show where"),
    ];
}
