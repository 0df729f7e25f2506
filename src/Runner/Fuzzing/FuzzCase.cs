using Understudy.Runner.Sweeps;

namespace Understudy.Runner.Fuzzing;

/// <summary>Faults that were tried together, and the bus under them.</summary>
/// <param name="Points">The faults.</param>
/// <param name="Touches">Where the next could strike.</param>
sealed record FuzzCase(IReadOnlyList<SweepPoint> Points, IReadOnlyList<SweepTouch> Touches);
