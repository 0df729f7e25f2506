namespace Understudy.Verdict;

/// <summary>What a driver has met of a register, or of an array of them.</summary>
/// <param name="Name">With its blocks: <c>MAC.IntrStatus</c>.</param>
/// <param name="Reads">How often it was read.</param>
/// <param name="Writes">How often it was written.</param>
/// <param name="Fields">Its fields.</param>
public sealed record CoveredRegister(string Name, long Reads, long Writes, IReadOnlyList<CoveredField> Fields)
{
    internal bool IsMet => Reads + Writes > 0;

    /// <summary>The values that were not met, in a line; empty when all were.</summary>
    internal string NotMet
    {
        get
        {
            var missing = Fields.Where(part => part.Met.Count < part.Values.Count).Select(part => $"{part.Name}={string.Join('|', part.Values.Except(part.Met))}").ToList();
            return missing.Count == 0 ? "" : $"not met: {string.Join(' ', missing)}";
        }
    }

    internal static CoveredRegister Merge(IEnumerable<CoveredRegister> same)
    {
        var all = same.ToList();
        return new CoveredRegister(all[0].Name, all.Sum(register => register.Reads), all.Sum(register => register.Writes),
            [.. all.SelectMany(register => register.Fields).GroupBy(field => field.Name).Select(CoveredField.Merge)]);
    }
}
