using System.Buffers.Binary;
using Understudy.Pci;
using Understudy.Transports.Serving;

namespace Understudy.Transports.VhostUserPci;

/// <summary>The queue by which the guest reaches the device: configuration space and BARs, one access a message
/// (include/uapi/linux/virtio_pcidev.h).</summary>
sealed class CommandQueue(VhostUserPciServer server, PciSlot slot)
{
    const int HeaderBytes = 16, MostData = 64 * 1024, TakenBytes = sizeof(ulong);
    const byte ConfigRead = 1, ConfigWrite = 2, MmioRead = 3, MmioWrite = 4, MmioMemset = 5;

    readonly byte[] _request = GC.AllocateUninitializedArray<byte>(HeaderBytes + MostData);
    readonly byte[] _answer = GC.AllocateUninitializedArray<byte>(MostData + TakenBytes);
    readonly List<Virtqueue.Buffer> _chain = new(8);

    /// <summary>Carries out what the guest has put there. Each is given back before anything that comes after it is looked at.</summary>
    /// <returns>How much that was.</returns>
    public int Serve(Virtqueue queue)
    {
        var carried = 0;
        for (; queue.TryPop(_chain, out var head); carried++) queue.Push(head, Carry());
        return carried;
    }

    int Carry()
    {
        var (length, room) = (0, 0);
        foreach (var buffer in _chain)
        {
            if (buffer.Length > MostData + HeaderBytes) throw new ProtocolException($"a message of {buffer.Length} bytes; up to {MostData} are possible");
            if (buffer.IsForUs)
            {
                room += (int)buffer.Length;
                continue;
            }
            if (room > 0 || length + (int)buffer.Length > _request.Length) throw new ProtocolException("a message that is too long, or behind its answer");
            if (!server.Memory.Read(buffer.Address, _request.AsSpan(length, (int)buffer.Length))) throw GuestMemory.Outside(buffer.Address);
            length += (int)buffer.Length;
        }
        if (length < HeaderBytes || room > MostData + TakenBytes) throw new ProtocolException($"a message of {length} bytes with room for {room}");
        var answer = _answer.AsSpan(0, room);
        Access(_request.AsSpan(0, length), answer);
        Return(answer);
        return room;
    }

    void Access(ReadOnlySpan<byte> request, Span<byte> answer)
    {
        var (op, bar) = (request[0], request[1]);
        var size = BinaryPrimitives.ReadUInt32LittleEndian(request[4..]);
        var address = BinaryPrimitives.ReadUInt64LittleEndian(request[8..]);
        var data = request[HeaderBytes..];
        answer.Fill(0xFF);
        var taken = answer.Length > size ? answer[(int)size..] : [];
        switch (op)
        {
            case ConfigRead when Fits(size, answer): slot.ReadConfig(ConfigOffset(address), answer[..(int)size]); break;
            case MmioRead when Fits(size, answer): slot.Read(bar, address, answer[..(int)size]); break;
            case ConfigWrite when size <= data.Length: slot.WriteConfig(ConfigOffset(address), data[..(int)size]); break;
            case MmioWrite when size <= data.Length: slot.Write(bar, address, data[..(int)size]); break;
            case MmioMemset when data.Length > 0: Fill(bar, address, size, data[0]); break;
            default: server.Found("virtio-pcidev", $"a message with operation {op} of {size} bytes, {data.Length} given and {answer.Length} wanted: an unpatched kernel's memset_io or memcpy_toio sends such ones"); break;
        }
        if (op is ConfigRead or MmioRead) SayTaken(taken);
    }

    // A kernel whose time is simulated has room behind the answer for how much longer than usual it took.
    static bool Fits(uint size, ReadOnlySpan<byte> answer) => answer.Length == size || answer.Length == size + TakenBytes;

    void SayTaken(Span<byte> room)
    {
        var taken = (server.Clock as CalendarClock)?.Taken() ?? 0;
        if (room.Length == TakenBytes) BinaryPrimitives.WriteInt64LittleEndian(room, taken);
        else if (taken > 0) server.Found("virtio-pcidev", $"a read that takes {taken} ns longer, and a kernel that cannot be told: it lacks patches/0002-simulated-time.patch");
    }

    // Beyond configuration space the slot refuses, whatever the number is.
    static int ConfigOffset(ulong address) => (int)Math.Min(address, int.MaxValue);

    void Fill(int bar, ulong address, uint size, byte value)
    {
        var piece = _answer.AsSpan();
        piece.Fill(value);
        for (ulong done = 0; done < size;)
        {
            var length = (int)Math.Min((ulong)piece.Length, size - done);
            if (slot.Write(bar, address + done, piece[..length]) != BusStatus.Ok) return;
            done += (ulong)length;
        }
    }

    void Return(ReadOnlySpan<byte> answer)
    {
        foreach (var buffer in _chain)
        {
            if (!buffer.IsForUs) continue;
            if (!server.Memory.Write(buffer.Address, answer[..(int)buffer.Length])) throw GuestMemory.Outside(buffer.Address);
            answer = answer[(int)buffer.Length..];
        }
    }
}
