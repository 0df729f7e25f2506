using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Understudy.Pci;

/// <summary>Writes down, with every byte, all that a device hears and says: the machine's transactions, the device's own and their data, timers,
/// stimuli. From that a <see cref="DeviceReplay"/> makes the device do it all again. Allocates nothing an entry. A file that takes no more ends the
/// recording, and nothing else (<see cref="Failure"/>).</summary>
public sealed class DeviceRecorder : DeviceEdge, IDisposable
{
    internal const ushort Version = 1;

    const int BufferBytes = 1 << 16;

    readonly Stream _to;
    readonly string _model;
    readonly byte[] _buffer = new byte[BufferBytes];
    readonly long _start = Stopwatch.GetTimestamp();
    PciSlot? _slot;
    int _used;

    /// <summary>A recording of a device.</summary>
    /// <param name="to">Where it goes; closed with the recorder.</param>
    /// <param name="model">The device's name in the catalog.</param>
    public DeviceRecorder(Stream to, string model) => (_to, _model) = (to, model);

    internal static ReadOnlySpan<byte> Magic => "UNDTRACE"u8;

    /// <summary>Why the recording ended too early; null when it did not.</summary>
    public IOException? Failure { get; private set; }

    /// <summary>Entries so far.</summary>
    public long Count { get; private set; }

    /// <inheritdoc/>
    public override void Handle(ref BusTransaction transaction, BusPath next)
    {
        if (transaction.IsDownstream)
        {
            Write(RecordKind.Begin, transaction, transaction.WriteData);
            next.Send(ref transaction);
            Write(RecordKind.End, transaction, transaction.ReadData);
        }
        else
        {
            // As the device sent it: a fault may change it on its way.
            var sent = transaction;
            next.Send(ref transaction);
            sent.Status = transaction.Status;
            Write(RecordKind.Up, sent, sent.Op == BusOp.DmaRead ? sent.ReadData : sent.WriteData);
        }
    }

    /// <summary>Hands what is held back to the file.</summary>
    public void Flush()
    {
        if (_slot is null) return;
        lock (_slot.Clock.Gate) Empty();
    }

    /// <summary>Ends the recording, and closes its file.</summary>
    public void Dispose()
    {
        Flush();
        _to.Dispose();
    }

    /// <inheritdoc/>
    protected internal override void Attached(PciSlot slot)
    {
        if (_slot is not null) throw new InvalidOperationException("A recorder belongs to one slot.");
        _slot = slot;
        var model = Encoding.UTF8.GetBytes(_model);
        using var header = new MemoryStream();
        using (var writer = new BinaryWriter(header, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(Magic);
            writer.Write(Version);
            writer.Write((ushort)(slot.MachineOwnsMsixTable ? 1 : 0));
            writer.Write(slot.Seed);
            writer.Write(slot.Clock.Now);
            writer.Write(model.Length);
            writer.Write(model);
        }
        Add(header.ToArray());
    }

    // A fault's timers are no timers of the device: what they do to it passes here by itself.
    /// <inheritdoc/>
    protected internal override void Noted(NoteKind kind, string text)
    {
        if (kind == NoteKind.Stimulus || (kind == NoteKind.Timer && !text.StartsWith("fault: ", StringComparison.Ordinal))) Write(kind == NoteKind.Timer ? RecordKind.Timer : RecordKind.Stimulus, text);
    }

    internal override void WasReset(bool function) => Write(RecordKind.Reset, new BusTransaction { Address = function ? 1UL : 0 }, default);

    internal override void Ordered(string words) => Write(RecordKind.Order, words);

    void Write(RecordKind kind, string text)
    {
        Span<byte> utf8 = stackalloc byte[1024];
        Encoding.UTF8.TryGetBytes(text.AsSpan(0, Math.Min(text.Length, 340)), utf8, out var bytes);
        Write(kind, default, utf8[..bytes]);
    }

    void Write(RecordKind kind, in BusTransaction transaction, ReadOnlySpan<byte> payload)
    {
        if (Failure is not null) return;
        var entry = new RecordEntry
        {
            HostNanoseconds = (long)Stopwatch.GetElapsedTime(_start).TotalNanoseconds, DeviceTime = _slot!.Clock.Now, Address = transaction.Address, Length = transaction.Length,
            Payload = payload.Length, Kind = kind, Op = transaction.Op, Bar = transaction.Bar, Status = transaction.Status, IsPowered = _slot.IsPowered ? (byte)1 : (byte)0,
        };
        Add(MemoryMarshal.AsBytes(new ReadOnlySpan<RecordEntry>(in entry)));
        Add(payload);
        Count++;
    }

    void Add(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > BufferBytes - _used) Empty();
        if (bytes.Length > BufferBytes)
        {
            Put(bytes);
            return;
        }
        bytes.CopyTo(_buffer.AsSpan(_used));
        _used += bytes.Length;
    }

    void Empty()
    {
        Put(_buffer.AsSpan(0, _used));
        _used = 0;
    }

    void Put(ReadOnlySpan<byte> bytes)
    {
        if (Failure is not null) return;
        try
        {
            _to.Write(bytes);
        }
        catch (IOException full)
        {
            Failure = full;
        }
    }
}
