using Understudy.Verdict;

namespace Understudy.Runner.Sweeps;

/// <summary>What a sweep came to.</summary>
/// <param name="Request">What was asked for.</param>
/// <param name="Kernel">The kernel's name and release.</param>
/// <param name="Touches">The places of the reference, in order.</param>
/// <param name="Points">The faults planned, in the order they are tried.</param>
/// <param name="Results">What came of those that were tried, by rule.</param>
/// <param name="Reference">What the reference complained of, with no fault at all; empty when it ran well.</param>
/// <param name="Remarks">What the bus checks said of the reference that is no finding, but worth a look.</param>
/// <param name="Difference">Where two references differ; null where they do not.</param>
/// <param name="Seconds">Host time of this sweep.</param>
/// <param name="Played">Faults tried by this sweep, not by one before it.</param>
public sealed record SweepSummary(
    SweepRequest Request, string Kernel, IReadOnlyList<SweepTouch> Touches, IReadOnlyList<SweepPoint> Points, IReadOnlyDictionary<string, SweepResult> Results,
    IReadOnlyList<SweepFinding> Reference, IReadOnlyList<SweepFinding> Remarks, string? Difference, double Seconds, int Played)
{
    /// <summary>What share of the driver's lines was reached, on a kernel that counts them; null on others.</summary>
    public string? Lines { get; init; }

    /// <summary>What was found, each fault of the driver once, those that the smallest faults show first.</summary>
    public IReadOnlyList<SweepGroup> Groups =>
    [
        .. Points.Select(point => Results.GetValueOrDefault(point.Text)).OfType<SweepResult>()
            .SelectMany(result => result.Findings.Select(finding => (Finding: finding, Result: result)))
            .GroupBy(shown => shown.Finding.Fingerprint)
            .Select(same => new SweepGroup(same.First().Finding, [.. same.Select(shown => shown.Result)])),
    ];

    /// <summary>Points with that outcome.</summary>
    public int Count(SweepOutcome outcome) => Points.Count(point => Results.TryGetValue(point.Text, out var result) && result.Outcome == outcome);

    /// <summary>Points of which nothing is known yet.</summary>
    public int Left => Points.Count(point => !Results.ContainsKey(point.Text));

    /// <summary>Points this sweep tried in a second.</summary>
    public double Rate => Seconds > 0 ? Played / Seconds : 0;

    /// <summary>1 when something was found, 3 when the lab failed, else 0.</summary>
    public int ExitCode => Reference.Count > 0 || Groups.Count > 0 ? Verdict.ExitCode.Of(Outcome.Fail)
        : Count(SweepOutcome.Broken) > 0 ? Verdict.ExitCode.Of(Outcome.Broken) : Verdict.ExitCode.Of(Outcome.Pass);

    /// <summary>The command line that strikes once more with one fault, and nothing else.</summary>
    public string Reproduce(string rule) => Reproduce(Request, rule);

    internal static string Reproduce(SweepRequest request, IEnumerable<SweepPoint> points) => Reproduce(request, [.. points.Select(point => point.Text)]);

    static string Reproduce(SweepRequest request, params IReadOnlyList<string> rules) => $"{request.Command}{string.Concat(rules.Select(rule => $" --fault '{rule}'"))}";
}
