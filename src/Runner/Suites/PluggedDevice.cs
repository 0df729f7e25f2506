using Understudy.Pci;

namespace Understudy.Runner.Suites;

/// <summary>A device in a test's machine.</summary>
/// <param name="Device">What it is.</param>
/// <param name="Slot">Where it is.</param>
/// <param name="Trace">The recorder on that slot.</param>
/// <param name="Faults">The fault injector on that slot.</param>
public sealed record PluggedDevice(PlannedDevice Device, PciSlot Slot, TraceRecorder Trace, FaultInjector Faults)
{
    /// <summary>The bus checks on that slot.</summary>
    public required BusChecker Checks { get; init; }

    /// <summary>What of the device was met on that slot.</summary>
    public required DeviceCoverage Coverage { get; init; }
}
