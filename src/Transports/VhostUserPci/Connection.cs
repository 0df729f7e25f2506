using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Understudy.Linux;
using Understudy.Transports.Serving;

namespace Understudy.Transports.VhostUserPci;

/// <summary>A conversation with one guest, message by message.</summary>
sealed class Connection(UnixSocket socket, VhostUserPciServer server, CommandQueue commands) : IConversation
{
    const int MostPayload = 8 + GuestMemory.MostRegions * 32;

    readonly QueueWatch? _watch = server.PostsWithin > TimeSpan.Zero ? new QueueWatch(commands, server.Commands, socket, server.PostsWithin) : null;
    readonly byte[] _buffer = new byte[4096];
    readonly byte[] _reply = new byte[Header.Bytes + 8];
    readonly List<FileDescriptor> _descriptors = new(UnixSocket.MaxDescriptors);
    int _start, _end;

    public void Shutdown() => socket.Shutdown();

    public void Dispose()
    {
        CloseDescriptors();
        socket.Dispose();
    }

    /// <summary>Serves until the guest leaves.</summary>
    /// <exception cref="ProtocolException">It said what cannot be answered.</exception>
    public void Run()
    {
        while (TryNext(out var header, out var payload))
        {
            Handle(header, payload);
            if (header.Request == Request.VringKick && _start == _end) _watch?.Kicked();
            if (_start == _end) CloseDescriptors();
        }
    }

    bool TryNext(out Header header, out ReadOnlySpan<byte> payload)
    {
        payload = default;
        header = default;
        while (!HasMessage(out header))
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            var (bytes, lost) = socket.Receive(_buffer.AsSpan(_end), _descriptors);
            if (lost) throw new ProtocolException($"descriptors were lost: more than {UnixSocket.MaxDescriptors} in one message, or this process may open no more");
            if (bytes == 0) return _end == 0 ? false : throw new ProtocolException($"the connection ended {_end} bytes into a message");
            _end += bytes;
        }
        payload = _buffer.AsSpan(_start + Header.Bytes, (int)header.Size);
        _start += Header.Bytes + (int)header.Size;
        return true;
    }

    bool HasMessage(out Header header)
    {
        header = default;
        if (_end - _start < Header.Bytes) return false;
        header = MemoryMarshal.Read<Header>(_buffer.AsSpan(_start));
        if (header.Size > MostPayload) throw new ProtocolException($"request {(uint)header.Request} says it has {header.Size} bytes; up to {MostPayload} are possible");
        if ((header.Flags & Header.VersionMask) != Header.Version) throw new ProtocolException($"request {(uint)header.Request} has flags 0x{header.Flags:x}; version {Header.Version} is spoken here");
        return _end - _start >= Header.Bytes + (int)header.Size;
    }

    void Handle(in Header header, ReadOnlySpan<byte> payload)
    {
        switch (header.Request)
        {
            case Request.GetFeatures: Reply(header, Features.Virtio); return;
            case Request.GetProtocolFeatures: Reply(header, Features.Protocol); return;
            case Request.GetQueueNum: Reply(header, VhostUserPciServer.Queues); return;
            case Request.VringKick: Kick(Read<VringState>(payload)); break;
            case Request.SetOwner or Request.ResetOwner: break;
            case Request.SetFeatures: Accept(Read<ulong>(payload), Features.Virtio); break;
            case Request.SetProtocolFeatures: Accept(Read<ulong>(payload), Features.Protocol); break;
            case Request.SetSlaveReqFd: SetChannel(); break;
            case Request.SetMemTable: SetMemory(payload); break;
            case Request.SetVringNum or Request.SetVringBase or Request.SetVringEnable: SetQueue(header.Request, Read<VringState>(payload)); break;
            case Request.SetVringAddr: Place(Read<VringAddress>(payload)); break;
            default: throw new ProtocolException($"request {(uint)header.Request}, which is not spoken here");
        }
        if (header.WantsReply) Reply(header, 0);
    }

    // What the guest asked for is carried out, and given back, before it hears that it is.
    void Kick(in VringState kick)
    {
        if (kick.Index == VhostUserPciServer.CommandIndex) commands.Serve(server.Commands);
        else if (kick.Index == VhostUserPciServer.InterruptIndex) server.InterruptsKicked();
        else throw NoQueue(kick.Index);
        server.Kicked();
    }

    static void Accept(ulong features, ulong offered)
    {
        if ((features & ~offered) != 0) throw new ProtocolException($"features 0x{features:x} are taken, and 0x{offered:x} were offered");
    }

    void SetChannel()
    {
        if (_descriptors.Count != 1) throw new ProtocolException($"{_descriptors.Count} descriptors came as the channel for calls");
        var channel = UnixSocket.From(_descriptors[0]) ?? throw new ProtocolException("the channel for calls is not a socket");
        _descriptors.Clear();
        server.SetChannel(channel);
    }

    void SetMemory(ReadOnlySpan<byte> payload)
    {
        var count = payload.Length >= 8 ? BinaryPrimitives.ReadUInt32LittleEndian(payload) : uint.MaxValue;
        if (count > GuestMemory.MostRegions || payload.Length < 8 + (int)count * 32) throw new ProtocolException($"a memory table of {count} regions in {payload.Length} bytes");
        server.Share(MemoryMarshal.Cast<byte, MemoryRegion>(payload.Slice(8, (int)count * 32)), _descriptors);
        CloseDescriptors();
    }

    void SetQueue(Request request, VringState state)
    {
        var queue = server.Queue(state.Index) ?? throw NoQueue(state.Index);
        lock (server.Clock.Gate)
        {
            if (request == Request.SetVringNum) queue.SetSize(state.Number);
            else if (request == Request.SetVringBase) queue.SetBase(state.Number);
            else queue.Enable(state.Number != 0);
        }
    }

    void Place(in VringAddress address)
    {
        var queue = server.Queue(address.Index) ?? throw NoQueue(address.Index);
        lock (server.Clock.Gate) queue.Place(address);
    }

    void Reply(in Header header, ulong value)
    {
        MemoryMarshal.Write(_reply, new Header(header.Request, Header.Version | Header.Reply, 8));
        BinaryPrimitives.WriteUInt64LittleEndian(_reply.AsSpan(Header.Bytes), value);
        socket.Send(_reply);
    }

    static T Read<T>(ReadOnlySpan<byte> payload) where T : struct
        => MemoryMarshal.TryRead<T>(payload, out var value) ? value : throw new ProtocolException($"{payload.Length} bytes where a {typeof(T).Name} should be");

    static ProtocolException NoQueue(uint index) => new($"queue {index}; there are {VhostUserPciServer.Queues}");

    void CloseDescriptors()
    {
        foreach (var descriptor in _descriptors) descriptor.Dispose();
        _descriptors.Clear();
    }
}
