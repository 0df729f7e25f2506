namespace Understudy.Guest;

/// <summary>Which of a command's outputs a piece came from.</summary>
public enum CommandStream
{
    /// <summary>Standard output, and all of a terminal's output.</summary>
    Stdout,

    /// <summary>Standard error.</summary>
    Stderr,
}

/// <summary>
/// Takes a command's output as it comes. Called by the client's one reader: return soon, and never wait in it for another request to
/// the same guest.
/// </summary>
/// <param name="stream">Where it was written.</param>
/// <param name="bytes">The piece; it may end in the middle of a character. Good until the call returns.</param>
public delegate void OutputHandler(CommandStream stream, ReadOnlySpan<byte> bytes);
