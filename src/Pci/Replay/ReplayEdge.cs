using System.Text;

namespace Understudy.Pci;

/// <summary>Holds what a device does beside what it did when it was recorded, and answers it from there.</summary>
sealed class ReplayEdge(RecordReader recording, TraceRecorder trace) : DeviceEdge
{
    static readonly Nowhere s_nowhere = new();

    PciSlot? _slot;

    /// <summary>Both sides of the first difference; null while there is none.</summary>
    public string? Difference { get; private set; }

    /// <summary>Entries before the difference.</summary>
    public long Equal { get; private set; }

    public override void Handle(ref BusTransaction transaction, BusPath next)
    {
        if (transaction.IsDownstream)
        {
            Compare(RecordKind.Begin, transaction, transaction.WriteData);
            next.Send(ref transaction);
            Compare(RecordKind.End, transaction, transaction.ReadData);
        }
        else
        {
            Answer(ref transaction);
        }
    }

    /// <summary>Nothing came of what was recorded.</summary>
    public void Missing() => Differ("nothing");

    protected internal override void Attached(PciSlot slot) => _slot = slot;

    protected internal override void Noted(NoteKind kind, string text)
    {
        if (kind == NoteKind.Timer) Compare(RecordKind.Timer, default, Encoding.UTF8.GetBytes(text));
    }

    internal override void WasReset(bool function) => Compare(RecordKind.Reset, new BusTransaction { Address = function ? 1UL : 0 }, default);

    internal override void Ordered(string words) => Compare(RecordKind.Order, default, Encoding.UTF8.GetBytes(words));

    // The answer of the machine is an input: its status, and the data of a read.
    void Answer(ref BusTransaction transaction)
    {
        var known = Difference is null && recording.HasNext;
        if (known)
        {
            transaction.Status = recording.Next.Status;
            if (transaction.Op == BusOp.DmaRead && recording.Next.Kind == RecordKind.Up && recording.Payload.Length == transaction.ReadData.Length) recording.Payload.CopyTo(transaction.ReadData);
        }
        trace.Handle(ref transaction, s_nowhere);
        Compare(RecordKind.Up, transaction, transaction.Op == BusOp.DmaRead ? transaction.ReadData : transaction.WriteData);
        if (Difference is not null || !known) transaction.Refuse(BusStatus.UnsupportedRequest);
    }

    void Compare(RecordKind kind, in BusTransaction transaction, ReadOnlySpan<byte> payload)
    {
        if (Difference is not null) return;
        var replayed = new RecordEntry
        {
            DeviceTime = _slot!.Clock.Now, Address = transaction.Address, Length = transaction.Length, Payload = payload.Length,
            Kind = kind, Op = transaction.Op, Bar = transaction.Bar, Status = transaction.Status,
        };
        if (recording.HasNext && replayed.Equals(recording.Next) && payload.SequenceEqual(recording.Payload)) recording.MoveNext();
        else Differ(Words(replayed, payload));
    }

    void Differ(string replayed)
    {
        // A run that was cut off in the middle of something has no more to compare with.
        if (!recording.HasNext) return;
        Equal = recording.Number;
        Difference = $"recorded: {Words(recording.Next, recording.Payload)}\nreplayed: {replayed}";
    }

    string Words(in RecordEntry entry, ReadOnlySpan<byte> payload)
    {
        var what = entry.Kind switch
        {
            RecordKind.Timer => $"timer '{Encoding.UTF8.GetString(payload)}'",
            RecordKind.Stimulus or RecordKind.Order => $"'{Encoding.UTF8.GetString(payload)}'",
            RecordKind.Reset => entry.Address == 0 ? "the device resets itself" : "the function is reset",
            _ => $"{trace.Describe(entry.ToTrace(payload))}{Rest(payload)}{(entry.Kind == RecordKind.Begin ? " begins" : "")}",
        };
        return FormattableString.Invariant($"{what} at {entry.DeviceTime} ns");
    }

    sealed class Nowhere : BusPath
    {
        public override void Send(ref BusTransaction transaction) { }
    }

    // What the line of a trace does not show is where two long ones may differ.
    static string Rest(ReadOnlySpan<byte> payload) => payload.Length <= 8 ? "" : $" = {Convert.ToHexString(payload[..Math.Min(payload.Length, 64)])}{(payload.Length > 64 ? $"... (hash {Hash(payload):x8})" : "")}";

    static uint Hash(ReadOnlySpan<byte> payload)
    {
        var hash = 2166136261u;
        foreach (var b in payload) hash = (hash ^ b) * 16777619;
        return hash;
    }
}
