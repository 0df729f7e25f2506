using System.Collections.Concurrent;
using System.Text;

namespace Understudy.Pci;

/// <summary>Puts transactions of a slot into words, through its register maps. Any thread may ask; what the words need is looked up once, as
/// a run has a line for every access.</summary>
sealed class TraceDecoder(PciSlot slot)
{
    readonly ConcurrentDictionary<(RegisterMap Map, int At), Place> _places = new();
    (int Bar, int Start, RegisterMap Map)[]? _maps;

    public void Append(StringBuilder text, in TraceEntry entry)
    {
        text.Append(entry.Op).Append(' ');
        AppendTarget(text, entry);
        if (entry.Status != BusStatus.Ok) text.Append($"  [{entry.Status}]");
    }

    void AppendTarget(StringBuilder text, in TraceEntry entry)
    {
        switch (entry.Op)
        {
            case BusOp.Interrupt: text.Append("vector ").Append(entry.Address); return;
            case BusOp.IntxAssert or BusOp.IntxDeassert or BusOp.Reset: text.Length--; return;
            case BusOp.DmaRead or BusOp.DmaWrite: text.Append($"0x{entry.Address:x} +{entry.Length}"); break;
            default: AppendRegister(text, entry); return;
        }
        if (entry.Length is > 0 and <= 8) text.Append($" = 0x{entry.Value:x}");
    }

    void AppendRegister(StringBuilder text, in TraceEntry entry)
    {
        var (start, map) = MapOf(entry);
        var at = entry.Address - (ulong)start;
        var shown = Math.Min(entry.Length, 8);
        if (map is null || at >= (ulong)map.Size || Find(map, (int)at) is null)
        {
            text.Append($"{map?.Name ?? $"Bar{entry.Bar}"}+0x{at:x}");
            if (shown > 0) text.Append($" = 0x{entry.Value:x}");
        }
        else
        {
            for (var i = 0; i < shown;) i += AppendPiece(text, map, (int)at + i, entry.Value >> (8 * i), shown - i);
        }
        if (entry.Length > 8) text.Append($" ... ({entry.Length} bytes)");
    }

    (int Start, RegisterMap? Map) MapOf(in TraceEntry entry)
    {
        if (entry.Op <= BusOp.ConfigWrite) return (0, slot.ConfigMap);
        foreach (var (bar, start, map) in _maps ??= [.. slot.Maps()])
            if (bar == entry.Bar && entry.Address >= (ulong)start && entry.Address - (ulong)start < (ulong)map.Size) return (start, map);
        return (0, slot.Device.Bars.ElementAtOrDefault(entry.Bar)?.Registers.Map);
    }

    // Where no register is, nothing is kept: those places are as many as a guest likes.
    Place? Find(RegisterMap map, int at)
    {
        if (_places.TryGetValue((map, at), out var known)) return known;
        return map.Locate(at) is var (register, start, path) ? _places[(map, at)] = new Place(register, start, path, [.. register.Fields.Where(field => field.Name != register.Name)]) : null;
    }

    /// <summary>The part of an access that meets one register.</summary>
    /// <returns>The bytes it is.</returns>
    int AppendPiece(StringBuilder text, RegisterMap map, int at, ulong value, int left)
    {
        if (Find(map, at) is not { } place) return 1;
        var register = place.Register;
        var lane = at - place.Start;
        var bytes = Math.Min(register.Bytes - lane, left);
        if (bytes < 8) value &= (1UL << (8 * bytes)) - 1;
        if (text[^1] != ' ') text.Append(", ");
        text.Append(place.Path);
        if (bytes != register.Bytes) text.Append($"[{8 * (lane + bytes) - 1}:{8 * lane}]");
        text.Append($" = 0x{value:x}");
        AppendFields(text, place.Fields, value << (8 * lane));
        return bytes;
    }

    static void AppendFields(StringBuilder text, FieldInfo[] fields, ulong value)
    {
        var any = false;
        foreach (ref readonly var field in fields.AsSpan())
        {
            var part = field.Of(value);
            if (part == 0) continue;
            text.Append(any ? " " : " {");
            any = true;
            text.Append(field.Name);
            if (field.ValueNames?.GetValueOrDefault(part) is { } named) text.Append('=').Append(named);
            else if (field.Mask >> field.Low != 1) text.Append($"=0x{part:x}");
        }
        if (any) text.Append('}');
    }

    sealed record Place(Register Register, int Start, string Path, FieldInfo[] Fields);
}
