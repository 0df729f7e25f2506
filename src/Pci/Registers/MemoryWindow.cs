namespace Understudy.Pci;

/// <summary>A stretch of a block that behaves as plain memory.</summary>
public sealed class MemoryWindow
{
    internal MemoryWindow(int index, string name, int offset, int size) => (Index, Name, Offset, Size) = (index, name, offset, size);

    /// <summary>The datasheet's name.</summary>
    public string Name { get; }

    /// <summary>Byte offset in the block.</summary>
    public int Offset { get; }

    /// <summary>Bytes.</summary>
    public int Size { get; }

    internal int Index { get; }
}
