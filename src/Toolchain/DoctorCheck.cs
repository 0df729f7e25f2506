namespace Understudy.Toolchain;

/// <summary>How a checked thing stands.</summary>
public enum CheckState
{
    /// <summary>It is here and good.</summary>
    Ok,

    /// <summary>Runs work, but slower or with less than there could be.</summary>
    Degraded,

    /// <summary>It is not here; runs need it.</summary>
    Missing,
}

/// <summary>One thing a run needs or profits from.</summary>
/// <param name="Name">The thing, in a word or two.</param>
/// <param name="State">How it stands.</param>
/// <param name="Detail">What was found, for people.</param>
/// <param name="Remedy">The exact command that mends it, or null when there is nothing to mend or no command can.</param>
public sealed record DoctorCheck(string Name, CheckState State, string Detail, string? Remedy = null);
