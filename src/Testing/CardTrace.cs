using Understudy.Pci;
using Understudy.Runner.Suites;

namespace Understudy.Testing;

/// <summary>What crossed a card's bus, for a test to look at. A pattern is the first half of a fault rule, an operation and a target:
/// <c>irq 0</c>, <c>mmio-read RTL8111.IntrStatus</c>, <c>dma-write *</c>. Whatever is wrong with one is an error, not a mismatch.</summary>
public sealed class CardTrace
{
    const int TailLines = 40;

    readonly PluggedDevice _device;

    internal CardTrace(PluggedDevice device) => _device = device;

    /// <summary>The place after the newest line, to count or look from.</summary>
    public long Mark()
    {
        lock (_device.Slot.Clock.Gate) return _device.Trace.Count;
    }

    /// <summary>The lines since a mark, oldest first.</summary>
    /// <exception cref="InvalidOperationException">There were too many to keep: mark a later place.</exception>
    public IReadOnlyList<TraceLine> Lines(long since = 0)
    {
        var entries = new TraceEntry[Math.Max(0, Mark() - since)];
        var count = _device.Trace.Read(since, entries, out var next);
        if (next - count > since) throw new InvalidOperationException($"{next - count - since} lines since that mark were too many to keep: mark a later place");
        return [.. entries.Take(count).Select(entry => new TraceLine(entry, _device.Trace.Describe(entry)))];
    }

    /// <summary>How many lines since a mark fit a pattern.</summary>
    /// <exception cref="FormatException">It is no pattern, or names no register of the card.</exception>
    public int Count(string pattern, long since = 0) => Parse(pattern) is var wanted ? Lines(since).Count(wanted.Fits) : 0;

    /// <summary>Demands lines that fit these patterns, in this order; others may lie between them.</summary>
    /// <param name="since">Where to begin: 0, or a mark.</param>
    /// <param name="patterns">One a line.</param>
    /// <exception cref="DriverFailedException">They are not there; shows how far it got, and the last of the trace.</exception>
    /// <exception cref="FormatException">One is no pattern, or names no register of the card.</exception>
    public void Shows(long since, params IReadOnlyList<string> patterns)
    {
        var wanted = patterns.Select(Parse).ToList();
        var lines = Lines(since);
        var (found, at) = (0, 0);
        for (; found < wanted.Count && at < lines.Count; at++)
            if (wanted[found].Fits(lines[at])) found++;
        if (found == wanted.Count) return;
        var after = found > 0 ? $" after '{patterns[found - 1]}'" : "";
        throw new DriverFailedException($"the trace has no '{patterns[found]}'{after}; its end:\n{string.Join('\n', lines.TakeLast(TailLines))}");
    }

    /// <summary>The last lines, as a report shows them.</summary>
    public override string ToString() => _device.Trace.Tail(TailLines);

    TracePattern Parse(string pattern) => new(_device.Faults.Matcher(TracePattern.Rule(pattern)));
}
