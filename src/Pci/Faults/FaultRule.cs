namespace Understudy.Pci;

/// <summary>One fault as data: which transactions, which of those, and what happens to them. Its text form is one line,
/// <c>OPERATION TARGET [WHEN...] -> EFFECT</c>, for example <c>irq 0 every=10 -> drop</c> or
/// <c>mmio-read MAC.IntrStatus nth=3 -> value 0xffff</c>; docs/faults.md teaches it.</summary>
/// <param name="Operation">What crosses the bus: <c>mmio-read</c>, <c>irq</c>, ... or a group of these: <c>config</c>, <c>mmio</c>,
/// <c>dma</c>, <c>access</c> (what the driver does), <c>any</c>.</param>
/// <param name="Target">A register as <c>BLOCK.Register</c>, one of its fields as <c>BLOCK.Register.Field</c>, a number (vector, offset or
/// address), a range of them as <c>0x100-0x1ff</c> or <c>0x100+16</c>, either of these in one BAR as <c>BAR2+0x100-0x1ff</c>, a whole
/// <c>BAR2</c>, the name of a structure that the model reads or writes by DMA, or <c>*</c>.</param>
/// <param name="Effect">What happens.</param>
public sealed record FaultRule(string Operation, string Target, FaultEffect Effect)
{
    /// <summary>Which of the matches are struck.</summary>
    public FaultWhen When { get; init; } = FaultWhen.Always;

    /// <summary>Only transactions of so many bytes; 0 for any.</summary>
    public int Length { get; init; }

    /// <summary>It matches transactions of this kind.</summary>
    public bool Covers(BusOp op) => Operations.Has(op);

    /// <summary>Reads a rule's text form.</summary>
    /// <exception cref="FormatException">It is not one; the message says which word, and what would be right.</exception>
    public static FaultRule Parse(string text) => FaultGrammar.Rule(text);

    /// <summary>The text form that <see cref="Parse"/> reads.</summary>
    public override string ToString() => FaultGrammar.Text(this);

    internal OpSet Operations => OpSet.Named(Operation) ?? default;
}
