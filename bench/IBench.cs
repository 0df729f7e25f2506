namespace Understudy.Bench;

/// <summary>One subject that is measured, with its peer, in one run. A new one is a class of its own and a line in the catalog.</summary>
interface IBench
{
    /// <summary>The subcommand.</summary>
    string Name { get; }

    /// <summary>What is measured, against what, in one line.</summary>
    string What { get; }

    Task<IReadOnlyList<Measurement>> RunAsync(CancellationToken cancel);
}
