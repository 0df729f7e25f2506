namespace Understudy.Pci;

/// <summary>What became of a rule.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Matched">Transactions it matched while it counted.</param>
/// <param name="Struck">Those it struck.</param>
public readonly record struct FaultTally(FaultRule Rule, long Matched, long Struck)
{
    /// <summary>What is odd about that, for the end of a run: a rule that never struck. Null when nothing is.</summary>
    public string? Complaint => Struck > 0 ? null : Matched == 0 ? $"armed, never matched: {Rule}" : $"armed, matched {Matched} times, never struck: {Rule}";
}
