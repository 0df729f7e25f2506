namespace Understudy.Pci;

/// <summary>One kind of fault as <see cref="FaultCatalog"/> lists it.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Usage">How it is written after the arrow, as <c>delay TIME</c>; what may be left out stands in brackets.</param>
/// <param name="Argument">What follows its word.</param>
/// <param name="Class">Who could show it.</param>
/// <param name="Help">What it does, in a line.</param>
/// <param name="Samples">Effects of this kind worth trying on any device; none where only the model's own orders would do.</param>
public sealed record FaultForm(FaultKind Kind, string Usage, FaultArgument Argument, FaultClass Class, string Help, IReadOnlyList<FaultEffect> Samples)
{
    /// <summary>Its word.</summary>
    public string Name { get; } = Usage.Split(' ')[0];

    /// <summary>It can be done to such a transaction.</summary>
    public bool Strikes(BusOp op) => Operations.Has(op);

    /// <summary>Once it has struck, every later match is struck too.</summary>
    public bool Lasts => Kind is FaultKind.Stuck or FaultKind.Becomes;

    internal OpSet Operations { get; init; }

    /// <summary>The argument's value where it is left out; null where it may not be.</summary>
    internal ulong? Default { get; init; }
}
