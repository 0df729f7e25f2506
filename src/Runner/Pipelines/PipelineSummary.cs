using System.Globalization;
using Understudy.Verdict;

namespace Understudy.Runner.Pipelines;

/// <summary>What a pipeline came to.</summary>
/// <param name="Request">What was asked for.</param>
/// <param name="StartedUtc">When it began.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Results">A result for each cell, in the order of the pipeline.</param>
/// <param name="Interrupted">Somebody stopped it.</param>
public sealed record PipelineSummary(PipelineRequest Request, DateTimeOffset StartedUtc, double Seconds, IReadOnlyList<PipelineResult> Results, bool Interrupted)
{
    /// <summary>All cells have ended, or never will.</summary>
    public bool Over { get; init; } = true;

    /// <summary>The worst of what its cells came to; null where none has ended.</summary>
    public Outcome? Outcome => Outcomes.Worst(Results.Select(result => result.Verdict?.Outcome).OfType<Outcome>());

    /// <summary>The exit code for all: that of the worst outcome; 3 when it was interrupted, or is not over: what a killed run leaves
    /// behind is no pass.</summary>
    public int ExitCode => Interrupted || !Over || Outcome is not { } worst ? Verdict.ExitCode.Broken : Verdict.ExitCode.Of(worst);

    /// <summary>In words: <c>11 pass, 1 built only, 3 not run</c>.</summary>
    public override string ToString()
        => string.Join(", ", Results.GroupBy(result => result.Word).OrderByDescending(group => group.Key == "pass").ThenBy(group => group.Key == "not run")
            .Select(group => string.Create(CultureInfo.InvariantCulture, $"{group.Count()} {group.Key}")));
}
