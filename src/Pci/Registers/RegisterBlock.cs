namespace Understudy.Pci;

/// <summary>A map included in another one: an FPGA's sub-block, or one of several equal channels.</summary>
public sealed class RegisterBlock
{
    internal RegisterBlock(int index, string name, int offset, RegisterMap map) => (Index, Name, Offset, Map) = (index, name, offset, map);

    /// <summary>Its name in the including map.</summary>
    public string Name { get; }

    /// <summary>Byte offset in the including map.</summary>
    public int Offset { get; }

    /// <summary>The included map.</summary>
    public RegisterMap Map { get; }

    internal int Index { get; }
}
