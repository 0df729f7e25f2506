namespace Understudy.Runner.Sweeps;

/// <summary>What a fault brought out.</summary>
/// <param name="Fingerprint">Equal for the same fault of the driver, however it was brought out.</param>
/// <param name="Kind">The rule that recognised it, or <c>hang</c>, <c>recovery</c>, <c>model</c>.</param>
/// <param name="Title">One line.</param>
/// <param name="Lines">What proves it.</param>
public sealed record SweepFinding(string Fingerprint, string Kind, string Title, IReadOnlyList<string> Lines)
{
    /// <summary>It was inferred from what took too long or went wrong afterwards, which a busy host can bring about too; a complaint of the
    /// kernel proves itself.</summary>
    internal bool NeedsConfirming => Kind is "hang" or "recovery" or "unload" or "test";
}
