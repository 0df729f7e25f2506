using Understudy.Verdict;

namespace Understudy.Runner.Pipelines;

/// <summary>What a cell came to.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Reason">Why, or what was done, in a line.</param>
public sealed record CellVerdict(Outcome Outcome, string Reason)
{
    /// <summary>The driver was built and no test of it ran: never shown as a pass.</summary>
    public bool BuiltOnly { get; init; }

    /// <summary>What proves it.</summary>
    public IReadOnlyList<string> Evidence { get; init; } = [];

    /// <summary>The file in the cell's directory to look at; null when there is none.</summary>
    public string? Page { get; init; }

    /// <summary>The word for it: that of the outcome, or <c>built only</c>.</summary>
    public string Word => BuiltOnly ? "built only" : Outcome.Word();

    /// <summary>Nothing stands in the way of the next phase.</summary>
    public bool OpensGate => Outcome.IsGood();
}
