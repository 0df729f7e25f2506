using Understudy.Pci;

namespace Understudy.Runner.Sweeps;

/// <summary>One fault of a sweep: a place and what happens there.</summary>
/// <param name="Touch">The place.</param>
/// <param name="Rule">The fault.</param>
public sealed record SweepPoint(SweepTouch Touch, FaultRule Rule)
{
    /// <summary>As it is written on a command line and in a <c>faults</c> file, the device named.</summary>
    public string Text => $"{Touch.Device}: {Rule}";

    /// <summary>Who could show it.</summary>
    public FaultClass Class => Rule.Effect.Class;
}
