namespace Understudy.Verdict.Traces;

/// <summary>Writes a trace in a format that other tools read.</summary>
public interface ITraceExport
{
    /// <summary>Its name on a command line: <c>vcd</c>.</summary>
    string Format { get; }

    /// <summary>What reads it, in a few words.</summary>
    string What { get; }

    /// <summary>Writes the lines of a run. The text is UTF-8.</summary>
    /// <param name="run">The run, for what an export shows beside the trace.</param>
    /// <param name="lines">Lines in their order.</param>
    /// <param name="to">Receives it.</param>
    /// <exception cref="InvalidDataException">The run has not what this format shows; the message says what and why.</exception>
    void Write(RunRecord run, IEnumerable<TraceRecord> lines, Stream to);
}
