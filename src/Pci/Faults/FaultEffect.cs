namespace Understudy.Pci;

/// <summary>What a fault does to a transaction. Its text form stands after the arrow of a rule: <c>value 0xffff</c>.</summary>
/// <param name="Kind">The kind of effect.</param>
/// <param name="Value">The number it needs: a value or bit mask, nanoseconds, bytes, a vector; else zero.</param>
/// <param name="Words">The order it gives, for <see cref="FaultKind.Do"/>.</param>
public readonly record struct FaultEffect(FaultKind Kind, ulong Value = 0, string Words = "")
{
    /// <summary>What the catalog says about its kind.</summary>
    public FaultForm Form => FaultCatalog.Of(Kind);

    /// <summary>Who could show it.</summary>
    public FaultClass Class => Form.Class;

    /// <summary>Reads an effect's text form.</summary>
    /// <exception cref="FormatException">It is not one; the message says what would be right.</exception>
    public static FaultEffect Parse(string text) => FaultGrammar.Effect(text);

    /// <summary>The text form that <see cref="Parse"/> reads.</summary>
    public override string ToString() => FaultGrammar.Text(this);
}
