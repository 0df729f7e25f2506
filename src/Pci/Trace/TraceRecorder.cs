using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;

namespace Understudy.Pci;

/// <summary>Keeps the last transactions of a slot in a fixed ring, undecoded; decodes them through the slot's register maps only when
/// somebody asks. Recording allocates nothing.</summary>
public sealed class TraceRecorder : BusInterceptor
{
    readonly Line[] _ring;
    readonly Dictionary<string, int> _noteNumbers = [];
    readonly List<string> _notes = [];
    PciSlot? _slot;
    DeviceClock? _clock;
    int _next;

    /// <summary>A ring of <paramref name="capacity"/> entries.</summary>
    public TraceRecorder(int capacity = 1 << 14)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        _ring = new Line[capacity];
    }

    /// <summary>Entries recorded since the start, those that have left the ring included.</summary>
    public long Count { get; private set; }

    /// <inheritdoc/>
    public override void Handle(ref BusTransaction transaction, BusPath next)
    {
        // The place is taken before the transaction runs: what a write causes stands below it. A read is unanswered until it is answered.
        ref var line = ref Take();
        var place = Count;
        var isRead = !transaction.ReadData.IsEmpty;
        line.Address = transaction.Address;
        line.Value = First8(transaction.WriteData);
        line.Length = transaction.Length;
        (line.Kind, line.Op, line.Bar) = (TraceKind.Transaction, transaction.Op, transaction.Bar);
        line.Status = isRead ? BusStatus.CompletionTimeout : BusStatus.Ok;
        next.Send(ref transaction);
        if (Count - place >= _ring.Length) return;
        if (isRead) line.Value = First8(transaction.ReadData);
        line.Status = transaction.Status;
    }

    /// <summary>Copies out entries from number <paramref name="from"/> on, oldest first. Entries that have left the ring are skipped.</summary>
    /// <param name="from">Number of the first entry wanted.</param>
    /// <param name="entries">Receives them.</param>
    /// <param name="next">The number to ask from next time.</param>
    /// <returns>How many there were.</returns>
    public int Read(long from, Span<TraceEntry> entries, out long next)
    {
        lock (Slot.Clock.Gate)
        {
            next = Math.Max(from, Count - _ring.Length);
            var copied = 0;
            while (next < Count && copied < entries.Length) entries[copied++] = _ring[next++ % _ring.Length].ToEntry();
            return copied;
        }
    }

    /// <summary>An entry in words: register and field names, values, what a note says.</summary>
    public string Describe(in TraceEntry entry)
    {
        if (entry.Kind != TraceKind.Transaction)
            lock (Slot.Clock.Gate) return _notes[(int)entry.Address];
        var text = new StringBuilder();
        text.Append(entry.Op).Append(' ');
        AppendTarget(text, entry);
        if (entry.Status != BusStatus.Ok) text.Append($"  [{entry.Status}]");
        return text.ToString();
    }

    /// <summary>The last lines, decoded.</summary>
    public string Tail(int lines)
    {
        var entries = new TraceEntry[lines];
        lock (Slot.Clock.Gate)
        {
            var count = Read(Math.Max(0, Count - lines), entries, out _);
            return string.Concat(entries.Take(count).Select(entry =>
                $"{entry.DeviceTime,12} ns {(entry.Kind == TraceKind.Transaction ? "" : $"-- {entry.Kind}: ")}{Describe(entry)}\n"));
        }
    }

    /// <summary>Everything still in the ring, decoded.</summary>
    public override string ToString() => Tail(_ring.Length);

    /// <inheritdoc/>
    protected internal override void Attached(PciSlot slot)
    {
        if (_slot is not null) throw new InvalidOperationException("A trace recorder belongs to one slot.");
        (_slot, _clock) = (slot, slot.Clock);
    }

    /// <inheritdoc/>
    protected internal override void Noted(NoteKind kind, string text)
    {
        if (!_noteNumbers.TryGetValue(text, out var number))
        {
            _noteNumbers[text] = number = _notes.Count;
            _notes.Add(text);
        }
        var traced = kind switch { NoteKind.Stimulus => TraceKind.Stimulus, NoteKind.Timer => TraceKind.Timer, NoteKind.Fault => TraceKind.Fault, _ => TraceKind.Finding };
        ref var line = ref Take();
        (line.Address, line.Value, line.Length, line.Kind, line.Status) = ((ulong)number, 0, 0, traced, BusStatus.Ok);
        (line.Op, line.Bar) = (default, 0);
    }

    // The place of number n is n modulo the ring's length; counted along, because a division is felt here.
    ref Line Take()
    {
        ref var line = ref _ring[_next];
        if (++_next == _ring.Length) _next = 0;
        Count++;
        line.HostTicks = Stopwatch.GetTimestamp();
        line.DeviceTime = _clock!.Now;
        return ref line;
    }

    PciSlot Slot => _slot ?? throw new InvalidOperationException("The recorder is not on a slot yet.");

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
        if (map is null || at >= (ulong)map.Size || map.Locate((int)at) is null)
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

    (int Start, RegisterMap? Map) MapOf(TraceEntry entry)
    {
        if (entry.Op <= BusOp.ConfigWrite) return (0, Slot.ConfigMap);
        foreach (var (bar, start, map) in Slot.Maps())
            if (bar == entry.Bar && entry.Address >= (ulong)start && entry.Address - (ulong)start < (ulong)map.Size) return (start, map);
        return (0, Slot.Device.Bars.ElementAtOrDefault(entry.Bar)?.Registers.Map);
    }

    /// <summary>The part of an access that meets one register.</summary>
    /// <returns>The bytes it is.</returns>
    static int AppendPiece(StringBuilder text, RegisterMap map, int at, ulong value, int left)
    {
        if (map.Locate(at) is not var (register, start, path)) return 1;
        var lane = at - start;
        var bytes = Math.Min(register.Bytes - lane, left);
        if (bytes < 8) value &= (1UL << (8 * bytes)) - 1;
        if (text[^1] != ' ') text.Append(", ");
        text.Append(path);
        if (bytes != register.Bytes) text.Append($"[{8 * (lane + bytes) - 1}:{8 * lane}]");
        text.Append($" = 0x{value:x}");
        AppendFields(text, register, value << (8 * lane));
        return bytes;
    }

    static void AppendFields(StringBuilder text, Register register, ulong value)
    {
        var words = register.Fields.Where(field => field.Name != register.Name && field.Of(value) != 0).Select(field => FieldText(field, field.Of(value)));
        var joined = string.Join(' ', words);
        if (joined.Length > 0) text.Append(" {").Append(joined).Append('}');
    }

    static string FieldText(in FieldInfo field, ulong value)
        => field.ValueNames?.GetValueOrDefault(value) is { } named ? $"{field.Name}={named}"
            : field.Mask >> field.Low == 1 ? field.Name
            : $"{field.Name}=0x{value:x}";

    static ulong First8(ReadOnlySpan<byte> data)
    {
        if (data.Length >= 8) return BinaryPrimitives.ReadUInt64LittleEndian(data);
        if (data.Length == 4) return BinaryPrimitives.ReadUInt32LittleEndian(data);
        ulong value = 0;
        for (var i = data.Length - 1; i >= 0; i--) value = value << 8 | data[i];
        return value;
    }

    struct Line
    {
        public long HostTicks, DeviceTime;
        public ulong Address, Value;
        public int Length;
        public TraceKind Kind;
        public BusOp Op;
        public byte Bar;
        public BusStatus Status;

        public readonly TraceEntry ToEntry() => new(HostTicks, DeviceTime, Address, Value, Length, Kind, Op, Bar, Status);
    }
}
