using System.Runtime.InteropServices;
using System.Text;

namespace Understudy.Pci;

/// <summary>Reads a recording, entry by entry, with one entry known ahead. What is torn at its end is left out.</summary>
sealed class RecordReader
{
    // No transaction of a bus is larger; what says so is no recording of ours.
    const int MostPayload = 1 << 26, MostName = 256;

    readonly Stream _from;
    byte[] _payload = new byte[4096];
    RecordEntry _next;

    /// <summary>Reads the header.</summary>
    /// <exception cref="InvalidDataException">It is no recording, or one of a newer version.</exception>
    public RecordReader(Stream from)
    {
        _from = from;
        try
        {
            using var reader = new BinaryReader(from, Encoding.UTF8, leaveOpen: true);
            if (!reader.ReadBytes(DeviceRecorder.Magic.Length).AsSpan().SequenceEqual(DeviceRecorder.Magic)) throw new InvalidDataException("this is not a recording of a device: it does not begin as one");
            if (reader.ReadUInt16() is var version && version > DeviceRecorder.Version) throw new InvalidDataException($"the recording has version {version}; this understudy reads up to {DeviceRecorder.Version}: use a newer one");
            var (flags, seed, start, length) = (reader.ReadUInt16(), reader.ReadInt32(), reader.ReadInt64(), reader.ReadInt32());
            if (length is < 0 or > MostName || start < 0) throw new InvalidDataException("this is not a recording of a device: its header makes no sense");
            var model = reader.ReadBytes(length);
            if (model.Length < length) throw new EndOfStreamException();
            Header = new RecordHeader(Encoding.UTF8.GetString(model), seed, start, (flags & 1) != 0);
        }
        catch (EndOfStreamException)
        {
            throw new InvalidDataException("this is not a recording of a device: it ends in its header");
        }
        MoveNext();
        Number = 0;
    }

    public RecordHeader Header { get; }

    /// <summary>There is an entry to look at.</summary>
    public bool HasNext { get; private set; }

    /// <summary>The recording breaks off in the middle of an entry.</summary>
    public bool IsTorn { get; private set; }

    /// <summary>Entries that have been gone past.</summary>
    public long Number { get; private set; }

    /// <summary>The entry at which the reader is.</summary>
    public ref readonly RecordEntry Next => ref _next;

    /// <summary>Its payload.</summary>
    public ReadOnlySpan<byte> Payload => _payload.AsSpan(0, HasNext ? _next.Payload : 0);

    /// <summary>Its payload, as text.</summary>
    public string Text => Encoding.UTF8.GetString(Payload);

    /// <summary>Goes past it.</summary>
    public void MoveNext()
    {
        Number++;
        var entry = MemoryMarshal.AsBytes(new Span<RecordEntry>(ref _next));
        var read = _from.ReadAtLeast(entry, entry.Length, throwOnEndOfStream: false);
        HasNext = read == entry.Length && IsSane();
        IsTorn = !HasNext && read > 0;
        if (!HasNext) return;
        if (_next.Payload > _payload.Length) _payload = new byte[_next.Payload];
        if (_from.ReadAtLeast(_payload.AsSpan(0, _next.Payload), _next.Payload, throwOnEndOfStream: false) < _next.Payload) (HasNext, IsTorn) = (false, true);
    }

    bool IsSane() => _next.Payload is >= 0 and <= MostPayload && _next.Length is >= 0 and <= MostPayload && _next.Kind is >= RecordKind.Begin and <= RecordKind.Reset
        && _next.Op <= BusOp.Reset && _next.Status <= BusStatus.Dropped && _next.DeviceTime >= 0;
}
