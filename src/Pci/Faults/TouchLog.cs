namespace Understudy.Pci;

/// <summary>Every transaction of a run in order, up to a bound, and how many there were of each kind.</summary>
sealed class TouchLog(PciSlot slot)
{
    const int Most = 100_000;

    readonly List<(BusOp Op, byte Bar, ulong Address, int Length, Type? Structure)> _touches = [];
    readonly long[] _counts = new long[(int)BusOp.Reset + 1];

    public IReadOnlyList<TouchPoint> Points => [.. _touches.Select(touch => new TouchPoint(touch.Op, touch.Bar, touch.Address, touch.Length, Name(touch.Op, touch.Bar, touch.Address, touch.Structure)))];

    public long Of(BusOp op) => _counts[(int)op];

    public void Add(ref BusTransaction transaction)
    {
        _counts[(int)transaction.Op]++;
        if (_touches.Count < Most) _touches.Add((transaction.Op, transaction.Bar, transaction.Address, transaction.Length, transaction.Structure));
    }

    string Name(BusOp op, byte bar, ulong address, Type? structure)
    {
        if (structure is not null && slot.Device.Structures.Contains(structure)) return structure.Name;
        if (OpSet.Config.Has(op)) return Located(slot.ConfigMap, address);
        if (!OpSet.Mmio.Has(op)) return "";
        foreach (var (of, start, map) in slot.Maps())
            if (of == bar && address >= (ulong)start && address - (ulong)start < (ulong)map.Size) return Located(map, address - (ulong)start);
        return "";
    }

    static string Located(RegisterMap map, ulong at) => at < (ulong)map.Size && map.Locate((int)at) is { } found ? found.Path : "";
}
