namespace Understudy.Guest;

/// <summary>How a command in the guest ended.</summary>
/// <param name="ExitCode">Its exit code, or null when a signal ended it.</param>
/// <param name="Signal">The number of the signal that ended it (signal(7)), or null.</param>
/// <param name="Stdout">Its standard output as UTF-8; what exceeded the limit is left out of the middle, with a line saying so.</param>
/// <param name="Stderr">Its standard error, likewise.</param>
/// <param name="Duration">From the request to the answer, by the host's clock.</param>
public sealed record CommandResult(int? ExitCode, int? Signal, string Stdout, string Stderr, TimeSpan Duration)
{
    /// <summary>It ended by itself with exit code 0.</summary>
    public bool Succeeded => ExitCode == 0;
}
