namespace Understudy.Build;

/// <summary>One configuration symbol that was asked for, and what became of it.</summary>
/// <param name="Symbol">Its name, with <c>CONFIG_</c>.</param>
/// <param name="Asked">The value asked for; <c>n</c> for off.</param>
/// <param name="Granted">The value it has.</param>
/// <param name="Origin">Where it was asked for: a fragment's name, or the command line.</param>
public sealed record ConfigRequest(string Symbol, string Asked, string Granted, string Origin)
{
    /// <summary>It is as it was asked for.</summary>
    public bool IsGranted => Asked == Granted;

    /// <inheritdoc/>
    public override string ToString() => $"{Symbol}={Asked} ({Origin}): {(IsGranted ? "granted" : $"not granted, it is {Granted}")}";
}
