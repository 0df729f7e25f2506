namespace Understudy.Verdict.Export;

/// <summary>Writes what runs came to in a format that other tools read.</summary>
public interface IResultExport
{
    /// <summary>Its name on a command line: <c>junit</c>.</summary>
    string Format { get; }

    /// <summary>What reads it, in a few words.</summary>
    string What { get; }

    /// <summary>Writes all runs of a summary, which may be of one. The text is UTF-8.</summary>
    void Write(RunSummary summary, Stream to);
}
