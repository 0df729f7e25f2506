namespace Understudy.Pci;

/// <summary>One thing that crosses the bus, in either direction. It lives on the stack; interceptors may change it in place.</summary>
public ref struct BusTransaction
{
    /// <summary>What it is.</summary>
    public BusOp Op { get; set; }

    /// <summary>The BAR of an MMIO access, 0 to 5, or 6 for the expansion ROM.</summary>
    public byte Bar { get; set; }

    /// <summary>How it ended; <see cref="BusStatus.Ok"/> until somebody says otherwise.</summary>
    public BusStatus Status { get; set; }

    /// <summary>Offset in the BAR or configuration space, bus address of a DMA, or interrupt vector.</summary>
    public ulong Address { get; set; }

    /// <summary>Filled by the far side of a read.</summary>
    public Span<byte> ReadData { get; set; }

    /// <summary>The data of a write.</summary>
    public ReadOnlySpan<byte> WriteData { get; set; }

    /// <summary>The structure that a DMA moves, where the model said; null for plain bytes.</summary>
    public Type? Structure { get; set; }

    /// <summary>Part of a descriptor that is written before its owner word.</summary>
    internal bool IsDescriptorBody { get; set; }

    /// <summary>A fault has changed where it goes: what comes of that is nobody's mistake.</summary>
    internal bool IsFaulted { get; set; }

    /// <summary>Bytes it moves.</summary>
    public readonly int Length => ReadData.Length + WriteData.Length;

    /// <summary>Ends it with a status that is not Ok; a read then gives all ones.</summary>
    public void Refuse(BusStatus status)
    {
        Status = status;
        ReadData.Fill(0xFF);
    }

    /// <summary>It goes from the machine to the device.</summary>
    public readonly bool IsDownstream => Op is <= BusOp.MmioWrite or BusOp.Reset;
}
