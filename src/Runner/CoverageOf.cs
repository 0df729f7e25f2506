using Understudy.Pci;
using Understudy.Verdict;

namespace Understudy.Runner;

/// <summary>What a slot remembers, in the words of a run directory.</summary>
static class CoverageOf
{
    public static CoveredDevice Device(string name, string model, DeviceCoverage met) => new(name, model,
        [.. met.Registers.Select(register => new CoveredRegister(register.Name, register.Reads, register.Writes,
            [.. register.Fields.Select(field => new CoveredField(field.Name, field.Values, field.Met))]))],
        [.. met.Interrupts.Select(interrupt => new CoveredInterrupt(interrupt.Name, interrupt.Count))],
        [.. met.Capabilities.Select(capability => new CoveredCapability(capability.Name, capability.Read, capability.Written))]);
}
