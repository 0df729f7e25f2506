namespace Understudy.Verdict;

/// <summary>An interrupt of a device.</summary>
/// <param name="Name"><c>INTx</c>, or <c>vector 0</c> and so on.</param>
/// <param name="Count">How often it was sent.</param>
public sealed record CoveredInterrupt(string Name, long Count);
