using Understudy.Verdict;

namespace Understudy.Runner;

/// <summary>What a step has to say for itself while it runs.</summary>
public sealed class StepNotes
{
    readonly IRunObserver _observer;
    readonly List<string> _lines = [];

    internal StepNotes(IRunObserver observer) => _observer = observer;

    /// <summary>What came of it, in a few words: shown on the step's line when it has ended.</summary>
    public string? Detail { get; set; }

    /// <summary>Everything it has to show.</summary>
    public IReadOnlyList<string> Lines => _lines;

    /// <summary>The results found in a test's own output; null where none were looked for.</summary>
    public IReadOnlyList<SubResult>? Results { get; set; }

    /// <summary>Adds a line to what it has to show, and tells whoever watches.</summary>
    public void Show(string line)
    {
        _lines.Add(line);
        _observer.Says(line);
    }

    /// <summary>Tells whoever watches, and keeps nothing.</summary>
    public void Says(string text) => _observer.Says(text);
}
