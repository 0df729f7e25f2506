using Understudy.Pci;
using Understudy.Runner.Suites;

namespace Understudy.Runner.Sweeps;

/// <summary>One fault of a sweep: a place and what happens there.</summary>
/// <param name="Touch">The place.</param>
/// <param name="Rule">The fault.</param>
public sealed record SweepPoint(SweepTouch Touch, FaultRule Rule)
{
    /// <summary>As it is written on a command line and in a <c>faults</c> file, the device named.</summary>
    public string Text => $"{Touch.Device}: {Rule}";

    /// <summary>Reads what <see cref="Text"/> wrote, or a person.</summary>
    /// <exception cref="FormatException">It is no rule, names what the test's devices do not have, or could never strike.</exception>
    internal static SweepPoint Parse(string text, DirectoryTest test)
    {
        FaultsFile.Check([text], test with { Faults = [] });
        var (device, rule) = FaultsFile.Line(text, test.Settings.Devices);
        return new SweepPoint(new SweepTouch(device, "", default, rule.Target, rule.When.Nth), rule);
    }

    /// <summary>Who could show it.</summary>
    public FaultClass Class => Rule.Effect.Class;
}
