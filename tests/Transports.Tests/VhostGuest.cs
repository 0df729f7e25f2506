using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Understudy.Linux;
using Understudy.Pci;
using Understudy.Transports.TimeTravel;
using Understudy.Transports.VhostUserPci;

namespace Understudy.Transports.Tests;

/// <summary>A probe device behind the transport for User Mode Linux.</summary>
sealed class VhostRig : IAsyncDisposable
{
    public VhostRig(CalendarClock? clock = null, Calendar? calendar = null, VhostUserPciOptions? options = null)
    {
        Clock = (DeviceClock?)clock ?? new ManualClock();
        Transport = new VhostUserPciTransport(Clock, (options ?? new()) with { Calendar = calendar });
        Slot = Transport.Plug(new ProbeDevice(), "probe", Faults);
        SocketPath = (string)Transport.DeviceArguments[0]["socket"]!;
    }

    public DeviceClock Clock { get; }

    public FaultInjector Faults { get; } = new();

    public VhostUserPciTransport Transport { get; }

    public PciSlot<ProbeDevice> Slot { get; }

    public string SocketPath { get; }

    public ValueTask DisposeAsync() => Transport.DisposeAsync();
}

/// <summary>The kernel's side of the conversation, as drivers/virtio_uml.c and virtio_pcidev.c have it: memory with two queues in it.</summary>
sealed class VhostGuest : IDisposable
{
    public const ulong Base = 0x100000;
    public const int Size = 1 << 20, Entries = 16;
    const ulong Request = Base + 0x10000, Answer = Base + 0x20000, Messages = Base + 0x40000;

    readonly UnixSocket _socket, _channel, _theirs;
    readonly FileDescriptor _file = FileDescriptor.CreateMemory("vhost-guest", Size);
    readonly List<FileDescriptor> _none = [];
    ushort _sent, _posted;

    public VhostGuest(string path)
    {
        _socket = UnixSocket.Connect(path);
        (_channel, _theirs) = UnixSocket.Pair();
        Memory = SharedMapping.Map(_file, 0, Size, writable: true);
    }

    public SharedMapping Memory { get; }

    public FileDescriptor File => _file;

    public FileDescriptor Channel => _theirs;

    /// <summary>Our end of the channel for calls.</summary>
    public UnixSocket Calls => _channel;

    /// <summary>All that a kernel does up to where the driver begins.</summary>
    public VhostGuest Boot()
    {
        Send(3, [], wantsReply: false);
        Assert.Equal(1UL << 32 | 1UL << 30, Ask(1));
        Assert.Equal(0x4029UL, Ask(15));
        Call(16, Bytes(0x4029UL));
        Call(21, [], _theirs);
        Assert.Equal(2UL, Ask(17));
        Call(2, Bytes(1UL << 32 | 1UL << 30));
        Share();
        WriteConfig(4, 2, 0x6);
        WriteConfig(0x10, 4, 0xf0000000);
        return this;
    }

    /// <summary>Memory and queues, as at the first bind and at every one after.</summary>
    public void Share()
    {
        (_sent, _posted) = (0, 0);
        Memory.Write(0, new byte[0x8000]);
        Call(5, [.. Bytes(1UL), .. Bytes(Base), .. Bytes((ulong)Size), .. Bytes(Base), .. Bytes(0UL)], _file);
        for (uint queue = 0; queue < 2; queue++)
        {
            Call(8, State(queue, Entries));
            Call(10, State(queue, 0));
            Call(9, [.. State(queue, 0), .. Bytes(At(queue)), .. Bytes(At(queue) + 0x2000), .. Bytes(At(queue) + 0x1000), .. Bytes(ulong.MaxValue)]);
            Call(18, State(queue, 1));
        }
        for (var i = 0; i < 10; i++) Post();
        Kick(1);
    }

    public static byte[] Bytes<T>(T value) where T : struct => MemoryMarshal.AsBytes(new Span<T>(ref value)).ToArray();

    public static byte[] State(uint queue, uint number) => [.. Bytes(queue), .. Bytes(number)];

    public static ulong At(uint queue) => Base + 0x1000 + queue * 0x4000;

    public void Send(uint request, ReadOnlySpan<byte> payload, bool wantsReply, params ReadOnlySpan<FileDescriptor> descriptors)
        => _socket.Send([.. Bytes(request), .. Bytes(wantsReply ? 9u : 1u), .. Bytes((uint)payload.Length), .. payload], descriptors);

    /// <summary>Bytes as they are.</summary>
    public void SendRaw(ReadOnlySpan<byte> bytes, params ReadOnlySpan<FileDescriptor> descriptors) => _socket.Send(bytes, descriptors);

    /// <summary>There is an answer to read, or will be within this time.</summary>
    public bool HasAnswer(TimeSpan within) => _socket.WaitReadable(within);

    public void Call(uint request, ReadOnlySpan<byte> payload, params ReadOnlySpan<FileDescriptor> descriptors)
    {
        Send(request, payload, wantsReply: true, descriptors);
        Assert.Equal((request, 5u, 0UL), Receive());
    }

    ulong Ask(uint request)
    {
        Send(request, [], wantsReply: false);
        var (to, flags, value) = Receive();
        Assert.Equal((request, 5u), (to, flags));
        return value;
    }

    /// <summary>The next answer; the connection's end is an error.</summary>
    public (uint Request, uint Flags, ulong Value) Receive()
    {
        var reply = new byte[20];
        for (var got = 0; got < reply.Length;)
        {
            var (bytes, _) = _socket.Receive(reply.AsSpan(got), _none);
            got += bytes > 0 ? bytes : throw new EndOfStreamException("the device hung up");
        }
        return (BinaryPrimitives.ReadUInt32LittleEndian(reply), BinaryPrimitives.ReadUInt32LittleEndian(reply.AsSpan(4)), BinaryPrimitives.ReadUInt64LittleEndian(reply.AsSpan(12)));
    }

    public void Kick(uint queue) => Call(35, State(queue, 0));

    /// <summary>One access; when it returns, its buffers must already be back.</summary>
    public byte[] Access(byte op, byte bar, ulong address, int size, ReadOnlySpan<byte> data, int room)
    {
        byte[] message = [op, bar, 0, 0, .. Bytes((uint)size), .. Bytes(address), .. data];
        Memory.Write(Request - Base, message);
        Descriptor(0, 0, Request, message.Length, (ushort)(room > 0 ? 1 : 0), 1);
        if (room > 0) Descriptor(0, 1, Answer, room, 2, 0);
        Offer(0, 0, ref _sent);
        Notify();
        Assert.Equal(_sent, Used(0));
        var answer = new byte[room];
        Memory.Read(Answer - Base, answer);
        return answer;
    }

    /// <summary>Kicks only where it is asked to, as a kernel does.</summary>
    public bool IsLazy { get; set; }

    /// <summary>Accesses that were carried out without a kick.</summary>
    public int Unkicked { get; private set; }

    void Notify()
    {
        Interlocked.MemoryBarrier();
        var flags = new byte[2];
        Memory.Read(At(0) - Base + 0x2000, flags);
        if (!IsLazy || flags[0] == 0)
        {
            Kick(0);
            return;
        }
        Unkicked++;
        Assert.True(SpinWait.SpinUntil(() => Used(0) == _sent, TimeSpan.FromSeconds(30)), "an access that needs no kick is not carried out");
    }

    public uint Read32(byte bar, ulong address) => BinaryPrimitives.ReadUInt32LittleEndian(Access(3, bar, address, 4, [], 4));

    public void Write32(byte bar, ulong address, uint value) => Access(4, bar, address, 4, Bytes(value), 0);

    public uint ReadConfig(ulong offset, int size) => BinaryPrimitives.ReadUInt32LittleEndian([.. Access(1, 0, offset, size, [], size), 0, 0, 0, 0]);

    public void WriteConfig(ulong offset, int size, ulong value) => Access(2, 0, offset, size, Bytes(value), 0);

    /// <summary>Interrupts that have come: operation, pin, data.</summary>
    public IReadOnlyList<(byte Op, ulong Address, uint Data)> Interrupts()
    {
        var interrupts = new List<(byte, ulong, uint)>();
        var message = new byte[20];
        for (ushort i = 0; i != Used(1); i++)
        {
            var element = new byte[8];
            Memory.Read(At(1) - Base + 0x2004 + (ulong)(i % Entries) * 8, element);
            Memory.Read(Messages - Base + BinaryPrimitives.ReadUInt32LittleEndian(element) * 64, message);
            interrupts.Add((message[0], BinaryPrimitives.ReadUInt64LittleEndian(message.AsSpan(8)), BinaryPrimitives.ReadUInt32LittleEndian(message.AsSpan(16))));
        }
        return interrupts;
    }

    /// <summary>Gives the device a buffer for one interrupt more.</summary>
    public void Post() => Post(_posted % Entries);

    /// <summary>Gives the device a buffer back, or one more.</summary>
    /// <param name="slot">Which; the first ten are its own from the beginning.</param>
    public void Post(int slot)
    {
        Descriptor(1, slot, Messages + (ulong)slot * 64, 20, 2, 0);
        Offer(1, slot, ref _posted);
    }

    public ushort Used(uint queue)
    {
        var index = new byte[2];
        Memory.Read(At(queue) - Base + 0x2002, index);
        return BinaryPrimitives.ReadUInt16LittleEndian(index);
    }

    void Descriptor(uint queue, int index, ulong address, int length, ushort flags, ushort next)
        => Memory.Write(At(queue) - Base + (ulong)index * 16, [.. Bytes(address), .. Bytes((uint)length), .. Bytes(flags), .. Bytes(next)]);

    void Offer(uint queue, int head, ref ushort index)
    {
        Memory.Write(At(queue) - Base + 0x1004 + (ulong)(index % Entries) * 2, Bytes((ushort)head));
        Memory.Write(At(queue) - Base + 0x1002, Bytes(++index));
    }

    public void Dispose()
    {
        _socket.Dispose();
        _channel.Dispose();
        _theirs.Dispose();
        Memory.Dispose();
        _file.Dispose();
    }
}
