using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;
using Understudy.Runner.Sweeps;

namespace Understudy.Runner.Fuzzing;

/// <summary>What tells one run from another: where the kernel counts them, the lines of the driver that ran, and everywhere which touch follows which in each step, how often by powers of two,
/// and how the steps end. A case that shows something new has brought the driver somewhere new.</summary>
static partial class FuzzFeatures
{
    public static IReadOnlySet<string> Of(FaultedResult result)
    {
        var features = result.Touches.CountBy(touch => touch.Class).Select(seen => string.Create(CultureInfo.InvariantCulture, $"{seen.Key} x{BitOperations.Log2((uint)seen.Value)}")).ToHashSet();
        foreach (var step in result.Steps.Where(step => step.Outcome is not null && step.Name is not ("plan" or "build" or "boot" or "kernel-log")))
            features.Add($"{step.Name} {step.Outcome} {Numbers().Replace(step.Detail ?? "", "#")}");
        foreach (var source in result.Lines?.Sources ?? []) features.UnionWith(source.Lines.Where(line => line.Value > 0).Select(line => string.Create(CultureInfo.InvariantCulture, $"{source.Path}:{line.Key}")));
        return features;
    }

    [GeneratedRegex("(0x)?[0-9a-f]*[0-9][0-9a-f]*")]
    private static partial Regex Numbers();
}
