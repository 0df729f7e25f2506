using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Understudy.Linux;
using Understudy.Transports.VfioUser;

namespace Understudy.Transports.Tests;

/// <summary>What came back: the header's words and the body.</summary>
sealed record Message(ushort Id, ushort Command, uint Flags, uint Error, byte[] Body)
{
    public bool Failed => (Flags & 0x20) != 0;
}

/// <summary>The machine's side of the conversation, played byte for byte. A wait that takes too long fails the test instead of hanging it.</summary>
sealed class ScriptedClient : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    readonly UnixSocket _socket;
    readonly List<FileDescriptor> _received = [];
    ushort _lastId;

    public ScriptedClient(string path) => _socket = UnixSocket.Connect(path);

    public const string Capabilities =
        """{"capabilities":{"pgsizes":4096,"max_msg_fds":16,"max_dma_maps":65535,"max_data_xfer_size":1048576,"migration":{"max_bitmap_size":268435456,"pgsize":4096},"write_multiple":true}}""";

    public static byte[] Version(string json = Capabilities, ushort major = 0) =>
        Bytes(major, (ushort)0, Encoding.ASCII.GetBytes(json), (byte)0);

    /// <summary>Little-endian bytes of numbers of the given widths, and byte arrays as they are.</summary>
    public static byte[] Bytes(params object[] parts)
    {
        var bytes = new List<byte>();
        foreach (var part in parts)
            bytes.AddRange(part switch
            {
                byte value => [value],
                ushort value => BitConverter.GetBytes(value),
                uint value => BitConverter.GetBytes(value),
                int value => BitConverter.GetBytes(value),
                ulong value => BitConverter.GetBytes(value),
                byte[] value => value,
                _ => throw new ArgumentException($"{part.GetType()} has no width on the wire", nameof(parts)),
            });
        return [.. bytes];
    }

    public static byte[] Frame(ushort id, int command, byte[] body, uint flags = 0, uint error = 0) =>
        Bytes(id, (ushort)command, (uint)(Header.Bytes + body.Length), flags, error, body);

    public void SendRaw(ReadOnlySpan<byte> bytes, params ReadOnlySpan<FileDescriptor> descriptors) => _socket.Send(bytes, descriptors);

    public ushort Send(int command, byte[] body, uint flags = 0, params ReadOnlySpan<FileDescriptor> descriptors)
    {
        SendRaw(Frame(++_lastId, command, body, flags), descriptors);
        return _lastId;
    }

    /// <summary>The next message, or null at the end of the stream.</summary>
    public Message? Receive()
    {
        var header = new byte[Header.Bytes];
        if (!Fill(header)) return null;
        var body = new byte[BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(4)) - Header.Bytes];
        Assert.True(Fill(body), "the server left inside a message");
        var words = MemoryMarshal.Read<Header>(header);
        return new(words.Id, (ushort)words.Command, words.Flags, words.Error, body);
    }

    public bool HearsNothing(TimeSpan within) => !_socket.WaitReadable(within);

    /// <summary>Asks, and gives the answer after checking that it is the answer to this.</summary>
    public Message Ask(int command, byte[] body, params ReadOnlySpan<FileDescriptor> descriptors)
    {
        var id = Send(command, body, 0, descriptors);
        var reply = Receive();
        Assert.NotNull(reply);
        Assert.Equal((id, (ushort)command, 1u), (reply.Id, reply.Command, reply.Flags & 0xF));
        return reply;
    }

    public byte[] Call(int command, byte[] body, params ReadOnlySpan<FileDescriptor> descriptors)
    {
        var reply = Ask(command, body, descriptors);
        Assert.False(reply.Failed, $"command {command} failed with {Errno.Name((int)reply.Error)}");
        return reply.Body;
    }

    /// <summary>The error number of a command that must fail: a bare header says so.</summary>
    public int ErrorOf(int command, byte[] body, params ReadOnlySpan<FileDescriptor> descriptors)
    {
        var reply = Ask(command, body, descriptors);
        Assert.Equal(0x21u, reply.Flags);
        Assert.Empty(reply.Body);
        return (int)reply.Error;
    }

    public ScriptedClient Hello()
    {
        Call(1, Version());
        return this;
    }

    public byte[] Read(int region, ulong offset, int count) => Call(9, Bytes(offset, (uint)region, (uint)count))[16..];

    public uint Read32(int region, ulong offset) => BinaryPrimitives.ReadUInt32LittleEndian(Read(region, offset, 4));

    public void Write(int region, ulong offset, byte[] data) => Call(10, Bytes(offset, (uint)region, (uint)data.Length, data));

    public void Post(int region, ulong offset, byte[] data) => Send(10, Bytes(offset, (uint)region, (uint)data.Length, data), Header.NoReply);

    public void Write32(int region, ulong offset, uint value) => Write(region, offset, Bytes(value));

    /// <summary>Turns on I/O, memory and bus mastering.</summary>
    public void Enable() => Write(7, 4, Bytes((ushort)7));

    public static byte[] Map(ulong address, ulong size, ulong offset = 0, uint flags = 3) => Bytes(32u, flags, offset, address, size);

    public static byte[] Unmap(ulong address, ulong size, uint flags = 0) => Bytes(24u, flags, address, size);

    public static byte[] Irqs(uint flags, uint index, uint start, uint count, params byte[] data) => Bytes((uint)(20 + data.Length), flags, index, start, count, data);

    /// <summary>Installs an eventfd for one vector.</summary>
    public EventFd Install(uint index, uint vector)
    {
        var events = EventFd.Create();
        Call(8, Irqs(0x24, index, vector, 1), events);
        return events;
    }

    public static bool Fires(EventFd events) => events.WaitReadable(Patience);

    public void Close() => _socket.Shutdown();

    public void Dispose() => _socket.Dispose();

    bool Fill(Span<byte> buffer)
    {
        for (var at = 0; at < buffer.Length;)
        {
            Assert.True(_socket.WaitReadable(Patience), "the server did not answer");
            var (bytes, _) = _socket.Receive(buffer[at..], _received);
            if (bytes == 0) return false;
            at += bytes;
        }
        return true;
    }
}
