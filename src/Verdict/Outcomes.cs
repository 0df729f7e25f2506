namespace Understudy.Verdict;

/// <summary>What outcomes mean beside each other.</summary>
public static class Outcomes
{
    /// <summary>The worst first: what is proven against the driver, then what is said of nobody, then what is well.</summary>
    public static IReadOnlyList<Outcome> WorstFirst { get; } =
        [Outcome.Fail, Outcome.XPass, Outcome.Error, Outcome.Broken, Outcome.XFail, Outcome.Pass, Outcome.Skip];

    /// <summary>Whether nobody has to look at it: a pass, a failure that was expected, a skip.</summary>
    public static bool IsGood(this Outcome outcome) => outcome switch
    {
        Outcome.Pass or Outcome.XFail or Outcome.Skip => true,
        Outcome.Fail or Outcome.XPass or Outcome.Error or Outcome.Broken => false,
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "no such outcome"),
    };

    /// <summary>The word that stands for it in every file and page: <c>pass</c>, <c>xfail</c>.</summary>
    public static string Word(this Outcome outcome) => outcome.ToString().ToLowerInvariant();

    /// <summary>What many come to: the worst of them; null of none.</summary>
    public static Outcome? Worst(IEnumerable<Outcome> outcomes)
    {
        int? worst = null;
        foreach (var outcome in outcomes) worst = Math.Min(worst ?? int.MaxValue, Rank(outcome));
        return worst is { } rank ? WorstFirst[rank] : null;
    }

    /// <summary>Its place in <see cref="WorstFirst"/>, from 0.</summary>
    internal static int Rank(this Outcome outcome)
    {
        for (var i = 0; i < WorstFirst.Count; i++)
            if (WorstFirst[i] == outcome) return i;
        throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "no such outcome");
    }
}
