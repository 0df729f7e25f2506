namespace Understudy.Pci;

/// <summary>MSI-X: a table of messages and a pending-bit array inside a BAR (PCI Local Bus 3.0, 6.8.2).</summary>
public sealed class Msix : Capability, IMessageCapability
{
    readonly int _tableOffset, _pendingOffset;
    readonly RegisterMap _tableMap, _pendingMap;
    readonly RegisterArray _address, _upper, _data, _control, _pendingBits;
    RegisterFile? _table, _pending, _config;
    Flag _enable, _functionMask;
    Register? _messageControl;

    /// <summary>A capability for 1 to 2048 vectors, whose table and pending bits lie in one BAR.</summary>
    /// <param name="vectors">Entries of the table.</param>
    /// <param name="bar">The BAR, which must cover both.</param>
    /// <param name="tableOffset">Where the table starts in it; a multiple of 8.</param>
    /// <param name="pendingOffset">Where the pending bits start; a multiple of 8.</param>
    public Msix(int vectors, int bar, int tableOffset, int pendingOffset) : base(0x11)
    {
        if (vectors is < 1 or > 2048) throw new ArgumentOutOfRangeException(nameof(vectors), $"MSI-X has 1 to 2048 vectors, not {vectors}");
        if (tableOffset < 0 || pendingOffset < 0 || ((tableOffset | pendingOffset) & 7) != 0)
            throw new ArgumentException($"MSI-X table and pending bits start at a multiple of 8, not at 0x{tableOffset:x} and 0x{pendingOffset:x}", nameof(tableOffset));
        (Vectors, Bar, _tableOffset, _pendingOffset) = (vectors, bar, tableOffset, pendingOffset);
        _tableMap = new RegisterMap("MsixTable", vectors * 16);
        _address = _tableMap.Array(0, vectors, stride: 16, name: "MessageAddress").ReadWrite();
        _upper = _tableMap.Array(4, vectors, stride: 16, name: "MessageUpperAddress").ReadWrite();
        _data = _tableMap.Array(8, vectors, stride: 16, name: "MessageData").ReadWrite();
        _control = _tableMap.Array(12, vectors, stride: 16, reset: 1, name: "VectorControl");
        _control.Field(0, 0, Access.ReadWrite, "Mask");
        _pendingMap = new RegisterMap("MsixPending", (vectors + 63) / 64 * 8);
        _pendingBits = _pendingMap.Array(0, (vectors + 63) / 64, bytes: 8, name: "Pending");
        if (RegisterMap.Overlap(tableOffset, _tableMap.Size, pendingOffset, _pendingMap.Size))
            throw new ArgumentException($"The pending bits at 0x{pendingOffset:x} lie in the MSI-X table, 0x{tableOffset:x} to 0x{tableOffset + _tableMap.Size:x}", nameof(pendingOffset));
    }

    /// <summary>Entries of the table.</summary>
    public int Vectors { get; }

    /// <summary>The BAR that holds table and pending bits.</summary>
    public int Bar { get; }

    private protected override int Length => 12;

    bool IMessageCapability.IsEnabled => Config[_enable];

    int IMessageCapability.Fold(int vector) => vector < Vectors ? vector : -1;

    bool IMessageCapability.IsMasked(int vector) => Config[_functionMask] || (Table[_control[vector]] & 1) != 0;

    bool IMessageCapability.IsPending(int vector) => (Pending[_pendingBits[vector / 64]] >> (vector % 64) & 1) != 0;

    void IMessageCapability.SetPending(int vector, bool pending)
    {
        var register = _pendingBits[vector / 64];
        var bit = 1UL << (vector % 64);
        Pending[register] = pending ? Pending[register] | bit : Pending[register] & ~bit;
    }

    MsiMessage IMessageCapability.Message(int vector)
        => new(Table[_upper[vector]] << 32 | Table[_address[vector]], (uint)Table[_data[vector]]);

    /// <summary>The structures in <see cref="Bar"/>, and where each starts.</summary>
    internal (int Start, RegisterMap Map)[] Maps => [(_tableOffset, _tableMap), (_pendingOffset, _pendingMap)];

    /// <summary>The device's BAR must cover both structures and put nothing else there but plain memory, which they hide.</summary>
    internal void CheckBar(PciDevice device)
    {
        var bar = Bar is >= 0 and <= 5 ? device.Bars[Bar] : null;
        foreach (var (start, map) in Maps)
        {
            if (bar is null || (long)bar.Size < (long)start + map.Size)
                throw new ArgumentException($"{device.GetType().Name}: BAR {Bar} does not cover {map.Name}, {map.Size} bytes at 0x{start:x}", nameof(device));
            if (bar.Kind == BarKind.Io) throw new ArgumentException($"{device.GetType().Name}: {map.Name} must lie in a memory BAR, not in I/O BAR {Bar}", nameof(device));
            if (bar.Registers.Map.ClaimedBy(start, map.Size) is { } other)
                throw new ArgumentException($"{device.GetType().Name}: {map.Name} at 0x{start:x} of BAR {Bar} overlaps {other}", nameof(device));
        }
    }

    /// <summary>The registers behind an access to <see cref="Bar"/>, or null where it is the device's own.</summary>
    internal RegisterFile? At(ulong offset, out int inFile)
    {
        if (Within(offset, _tableOffset, _tableMap.Size, out inFile)) return Table;
        return Within(offset, _pendingOffset, _pendingMap.Size, out inFile) ? Pending : null;
    }

    internal void Reset()
    {
        Table.Reset();
        Pending.Reset();
    }

    internal override void Attach(PciSlot slot, RegisterFile config)
    {
        _config = config;
        _table = new RegisterFile(_tableMap);
        _pending = new RegisterFile(_pendingMap);
        for (var i = 0; i < Vectors; i++)
        {
            var vector = i;
            _table.OnWrite(_control[i], _ => slot.Interrupts.Unmasked(this, vector));
        }
        config.OnWrite(_messageControl!, _ =>
        {
            slot.Interrupts.Update();
            for (var vector = 0; vector < Vectors; vector++) slot.Interrupts.Unmasked(this, vector);
        });
    }

    private protected override void Declare(RegisterMap config)
    {
        _messageControl = config.R16(Offset + 2, reset: (ulong)(Vectors - 1), name: "MsixControl");
        _messageControl.Ro(10, 0, "TableSize");
        _functionMask = _messageControl.Rw(14, "FunctionMask");
        _enable = _messageControl.Rw(15, "MsixEnable");
        config.R32(Offset + 4, reset: (ulong)(_tableOffset | Bar), name: "MsixTableOffset");
        config.R32(Offset + 8, reset: (ulong)(_pendingOffset | Bar), name: "MsixPendingOffset");
    }

    RegisterFile Config => _config ?? throw new InvalidOperationException("The device is not in a slot yet.");

    RegisterFile Table => _table ?? throw new InvalidOperationException("The device is not in a slot yet.");

    RegisterFile Pending => _pending ?? throw new InvalidOperationException("The device is not in a slot yet.");

    static bool Within(ulong offset, int start, int size, out int inFile)
    {
        inFile = (int)(uint)(offset - (ulong)start);
        return offset >= (ulong)start && offset < (ulong)start + (ulong)size;
    }
}
