namespace Understudy.Pci;

/// <summary>The commonest shape of an interrupt: asserted while <c>status &amp; mask</c> is not zero. Re-evaluates on every bus write of
/// either register and every read that clears a cause; the model calls <see cref="Evaluate"/> when it changed one itself.</summary>
public sealed class InterruptBlock
{
    readonly InterruptLine _line;
    readonly RegisterFile _registers;
    readonly Register _status, _mask;

    internal InterruptBlock(InterruptLine line, RegisterFile registers, Register status, Register mask)
    {
        (_line, _registers, _status, _mask) = (line, registers, status, mask);
        registers.OnWrite(status, _ => Evaluate()).OnWrite(mask, _ => Evaluate()).OnCleared(status, Evaluate);
    }

    /// <summary>Sets a cause in the status register.</summary>
    public void Raise(Flag cause)
    {
        _registers[cause] = true;
        Evaluate();
    }

    /// <summary>Sets the line to what status and mask say now.</summary>
    public void Evaluate() => _line.Set((_registers[_status] & _registers[_mask]) != 0);
}
