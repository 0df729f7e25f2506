using System.Text.RegularExpressions;

namespace Understudy.Runner.Sweeps;

/// <summary>A bug that a driver has on demand, and what finding it looks like.</summary>
/// <param name="Number">What the module parameter <c>bug</c> is set to.</param>
/// <param name="Name">What is wrong.</param>
/// <param name="Finding">Fits <c>KIND: TITLE</c> of a finding that names its class.</param>
public sealed record PlantedBug(int Number, string Name, Regex Finding);
