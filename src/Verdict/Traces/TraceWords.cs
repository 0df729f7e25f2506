namespace Understudy.Verdict.Traces;

/// <summary>The words for kinds of trace lines, on the command line and in what is printed.</summary>
public static class TraceWords
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Enum.GetValues<TraceKind>().Select(Word)];

    /// <summary>The word of a kind: <c>dma-read</c>, <c>irq</c>.</summary>
    public static string Word(this TraceKind kind) => kind switch
    {
        TraceKind.DmaRead => "dma-read",
        TraceKind.DmaWrite => "dma-write",
        TraceKind.Interrupt => "irq",
        _ => kind.ToString().ToLowerInvariant(),
    };

    /// <summary>The kind of a word; null where there is none.</summary>
    public static TraceKind? Kind(string word)
    {
        foreach (var kind in Enum.GetValues<TraceKind>())
            if (kind.Word() == word) return kind;
        return null;
    }
}
