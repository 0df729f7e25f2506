namespace Understudy.Verdict;

/// <summary>A step under way; end it exactly once. Made by <see cref="RunDirectory.BeginStep"/>.</summary>
public sealed class RunStep
{
    readonly RunDirectory _run;
    bool _ended;

    internal RunStep(RunDirectory run, StepRecord begun)
    {
        _run = run;
        Record = begun;
    }

    /// <summary>What is on disk about it now.</summary>
    public StepRecord Record { get; private set; }

    /// <summary>Writes down how it went.</summary>
    /// <param name="outcome">How it went.</param>
    /// <param name="detail">Replaces the detail given at its begin, when not null.</param>
    /// <param name="lines">What it has to show: output, the reason of a failure or a skip.</param>
    /// <param name="results">The results found in the test's own output, if any were looked for.</param>
    /// <exception cref="InvalidOperationException">It has ended before.</exception>
    public StepRecord End(Outcome outcome, string? detail = null, IReadOnlyList<string>? lines = null, IReadOnlyList<SubResult>? results = null)
    {
        if (_ended) throw new InvalidOperationException($"step '{Record.Name}' has already ended: {Record.Outcome}");
        _ended = true;
        Record = Record with
        {
            EndedSeconds = _run.Now, Outcome = outcome, Detail = detail ?? Record.Detail, Lines = lines ?? [], Results = results,
        };
        _run.Write(Record);
        return Record;
    }
}
