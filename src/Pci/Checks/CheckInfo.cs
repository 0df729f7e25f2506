namespace Understudy.Pci;

/// <summary>One check of the bus.</summary>
/// <param name="Name">What findings and <c>allow-check</c> call it.</param>
/// <param name="Meaning">What the driver did, in a line.</param>
/// <param name="Severity">What that says of the driver.</param>
public sealed record CheckInfo(string Name, string Meaning, CheckSeverity Severity = CheckSeverity.Warning);
