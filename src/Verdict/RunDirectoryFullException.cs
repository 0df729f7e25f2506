namespace Understudy.Verdict;

/// <summary>The disk under the run directory is full. What was written before is kept; the run is <see cref="Outcome.Broken"/>.</summary>
public sealed class RunDirectoryFullException : IOException
{
    const int EFBIG = 27, ENOSPC = 28, EDQUOT = 122;

    /// <summary>Names the file that could not grow.</summary>
    public RunDirectoryFullException(string file, IOException? cause = null)
        : base($"no space left for {file}: free some space, or put the run directory on another file system", cause) => File = file;

    /// <summary>The file that could not grow.</summary>
    public string File { get; }

    /// <summary>Whether an I/O error says that a disk, quota or size limit is exhausted; for attachments written by others.</summary>
    public static bool Describes(IOException error) => error is RunDirectoryFullException || error.HResult is ENOSPC or EDQUOT or EFBIG;
}
