namespace Understudy.Verdict;

/// <summary>What a driver has met of a field.</summary>
/// <param name="Name">The datasheet's name.</param>
/// <param name="Values">What there is to meet: names, <c>0</c> and <c>1</c> of a bit, <c>0</c> and <c>other</c> of a number.</param>
/// <param name="Met">Those that were met.</param>
public sealed record CoveredField(string Name, IReadOnlyList<string> Values, IReadOnlyList<string> Met)
{
    internal static CoveredField Merge(IEnumerable<CoveredField> same)
    {
        var all = same.ToList();
        IReadOnlyList<string> values = [.. all.SelectMany(field => field.Values).Distinct()];
        return new CoveredField(all[0].Name, values, [.. values.Where(value => all.Any(field => field.Met.Contains(value)))]);
    }
}
