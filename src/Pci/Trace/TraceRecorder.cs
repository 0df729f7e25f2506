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
    volatile string[] _notes = new string[64];   // read by any thread, at the places it knows from entries
    [ThreadStatic] static StringBuilder? t_words;
    PciSlot? _slot;
    TraceDecoder? _decoder;
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
        if (entry.Kind != TraceKind.Transaction) return _notes[(int)entry.Address];
        var text = (t_words ??= new StringBuilder()).Clear();
        (_decoder ?? throw Homeless()).Append(text, entry);
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
        (_slot, _decoder, _clock) = (slot, new TraceDecoder(slot), slot.Clock);
    }

    /// <inheritdoc/>
    protected internal override void Noted(NoteKind kind, string text)
    {
        if (!_noteNumbers.TryGetValue(text, out var number))
        {
            number = _noteNumbers.Count;
            if (number == _notes.Length) _notes = [.. _notes, .. new string[_notes.Length]];
            _notes[number] = text;
            _noteNumbers[text] = number;
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

    PciSlot Slot => _slot ?? throw Homeless();

    static InvalidOperationException Homeless() => new("The recorder is not on a slot yet.");

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
