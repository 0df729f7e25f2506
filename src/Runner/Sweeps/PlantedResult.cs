namespace Understudy.Runner.Sweeps;

/// <summary>What became of one planted bug.</summary>
/// <param name="Bug">The bug; null for the driver without any.</param>
/// <param name="IsFound">A finding of its class was made; without a bug, any.</param>
/// <param name="Said">The finding and the fault that brought it out, or what was found instead.</param>
/// <param name="Seconds">Host time it took.</param>
public sealed record PlantedResult(PlantedBug? Bug, bool IsFound, string Said, double Seconds);
