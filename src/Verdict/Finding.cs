using System.Text.Json.Serialization;

namespace Understudy.Verdict;

/// <summary>Something seen during a run that no test asked for.</summary>
/// <param name="Time">Host seconds since the run's start at which its first line was seen.</param>
/// <param name="Source">Who saw it.</param>
/// <param name="Rule">The rule that recognised it, such as <c>null-deref</c>.</param>
/// <param name="Title">One line that is the same each time the same thing happens.</param>
/// <param name="Severity">What it means for the run.</param>
/// <param name="Lines">The lines that prove it, as they were seen, first to last.</param>
/// <param name="Step">The step it fell in, if any was under way.</param>
public sealed record Finding(
    double Time, FindingSource Source, string Rule, string Title, Severity Severity, IReadOnlyList<string> Lines, string? Step = null)
{
    /// <summary>The function to look at first: the first frame that is not machinery of the report itself.</summary>
    public string? Frame { get; init; }

    /// <summary>Equal for two occurrences of one fault: made of rule and title with addresses, pids and times removed.</summary>
    public string Fingerprint { get; init; } = FindingFingerprint.Of(Rule, Title);

    /// <summary>Its call trace with places in the sources, <c>func+0x1/0x2 [module] file.c:3</c>; null where none is known.</summary>
    public IReadOnlyList<string>? Stack { get; init; }

    /// <summary>Host seconds since the run's start at which it was known; null where nobody looked at the clock.</summary>
    public double? Known { get; init; }

    /// <summary>The kernel complained of it before the driver came: it is shown, and says nothing about the driver.</summary>
    public bool Baseline { get; init; }

    /// <summary>The test foretold a finding of this title: it is what the test is for.</summary>
    public bool Expected { get; init; }

    /// <summary>Whether it fails a run: an error that nobody expected and that was not there before the driver.</summary>
    [JsonIgnore]
    public bool Counts => Severity >= Severity.Error && !Baseline && !Expected;

    /// <summary>The report stops before its end, so its frame may be missing or wrong.</summary>
    public bool Cut { get; init; }
}
