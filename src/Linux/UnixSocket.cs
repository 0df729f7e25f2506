using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Understudy.Linux;

/// <summary>A blocking UNIX stream socket that can carry file descriptors (<c>unix(7)</c>).</summary>
public sealed unsafe class UnixSocket : FileDescriptor
{
    const int Unix = 1, Stream = 1;
    const int SocketLevel = 1, Rights = 1;
    const int NoSignal = 0x4000, ControlTruncated = 0x8, ReceiveCloseOnExec = 0x40000000;

    /// <summary>How many descriptors one message may carry.</summary>
    public const int MaxDescriptors = 16;

    /// <summary>The longest path a socket can have, in bytes (<c>sun_path</c> less its NUL).</summary>
    public const int MaxPath = 107;

    UnixSocket(nint descriptor) : base((int)descriptor) { }

    static UnixSocket Open() => new(Libc.Check(Libc.socket(Unix, Stream | Libc.CloseOnExec, 0), "socket"));

    /// <summary>Takes over a received descriptor, or answers null when it is not a socket and leaves it alone.</summary>
    public static UnixSocket? From(FileDescriptor received)
    {
        ArgumentNullException.ThrowIfNull(received);
        return received.Target().StartsWith("socket:", StringComparison.Ordinal) ? new UnixSocket(received.Release()) : null;
    }

    /// <summary>Gives the descriptor away, to the runtime's own socket for instance; this object has none any more.</summary>
    public SafeSocketHandle Hand() => new(Release(), ownsHandle: true);

    /// <summary>Two sockets connected to each other.</summary>
    /// <exception cref="LinuxException">No descriptor left.</exception>
    public static (UnixSocket One, UnixSocket Other) Pair()
    {
        var pair = stackalloc int[2];
        Libc.Check(Libc.socketpair(Unix, Stream | Libc.CloseOnExec, 0, pair), "socketpair");
        return (new(pair[0]), new(pair[1]));
    }

    /// <summary>Binds to a path that must not exist yet, and listens there.</summary>
    /// <exception cref="ArgumentException">The path is longer than <see cref="MaxPath"/> bytes.</exception>
    /// <exception cref="LinuxException">The path exists, or its directory does not.</exception>
    public static UnixSocket Listen(string path) => At(path, static (socket, address, length, path) =>
    {
        Libc.Check(Libc.bind(socket, (void*)address, length), "bind", path);
        Libc.Check(Libc.listen(socket, 8), "listen", path);
    });

    /// <summary>Connects to the socket that listens at a path.</summary>
    /// <exception cref="ArgumentException">The path is longer than <see cref="MaxPath"/> bytes.</exception>
    /// <exception cref="LinuxException">Nobody listens there.</exception>
    public static UnixSocket Connect(string path) => At(path, static (socket, address, length, path) =>
    {
        nint result;
        do result = Libc.connect(socket, (void*)address, length); while (Libc.Interrupted(result));
        Libc.Check(result, "connect", path);
    });

    static UnixSocket At(string path, Action<UnixSocket, nint, uint, string> act)
    {
        var bytes = Encoding.UTF8.GetBytes(path);
        if (bytes.Length is 0 or > MaxPath)
            throw new ArgumentException($"A socket's path has 1 to {MaxPath} bytes, this one has {bytes.Length}: '{path}'. Use a shorter directory.", nameof(path));
        var address = stackalloc byte[sizeof(ushort) + MaxPath + 1];
        new Span<byte>(address, sizeof(ushort) + MaxPath + 1).Clear();
        *(ushort*)address = Unix;
        bytes.CopyTo(new Span<byte>(address + sizeof(ushort), MaxPath));
        var socket = Open();
        try
        {
            act(socket, (nint)address, (uint)(sizeof(ushort) + bytes.Length + 1), path);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Waits for the next client of a listening socket.</summary>
    /// <returns>Null when the socket was shut down.</returns>
    /// <exception cref="LinuxException">The kernel refused, for want of descriptors for instance.</exception>
    public UnixSocket? Accept()
    {
        const int shutDown = Errno.EINVAL;
        nint result;
        do result = Libc.accept4(this, null, null, Libc.CloseOnExec); while (Libc.Interrupted(result));
        return result < 0 && Marshal.GetLastPInvokeError() == shutDown ? null : new(Libc.Check(result, "accept4"));
    }

    /// <summary>Ends the conversation both ways: whoever is blocked in <see cref="Accept"/>, <see cref="Receive"/> or
    /// <see cref="Send"/> on either side wakes up. From any thread; more than once is fine.</summary>
    public void Shutdown()
    {
        const int bothWays = 2;
        Libc.shutdown(this, bothWays);   // a peer that has already gone makes it fail, and the aim is reached
    }

    /// <summary>Waits for bytes, and takes the descriptors that came with them.</summary>
    /// <param name="buffer">Where bytes go. The kernel never lets one call read past the write that carried descriptors, so
    /// descriptors belong to the last write of which a byte was returned.</param>
    /// <param name="descriptors">Where descriptors go, close-on-exec; they are the caller's to close.</param>
    /// <returns>The number of bytes, 0 at the end of the stream (a reset is an end), and whether descriptors were lost because
    /// there were more than <see cref="MaxDescriptors"/> or this process may open no more.</returns>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public (int Bytes, bool DescriptorsLost) Receive(Span<byte> buffer, List<FileDescriptor> descriptors)
    {
        const int controlSize = 16 + MaxDescriptors * sizeof(int);
        var control = stackalloc byte[controlSize];
        fixed (byte* start = buffer)
        {
            var vector = new Libc.IoVector { Start = start, Length = (nuint)buffer.Length };
            var message = new Libc.MessageHeader { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = controlSize };
            nint result;
            do result = Libc.recvmsg(this, &message, ReceiveCloseOnExec); while (Libc.Interrupted(result));
            if (result < 0 && Marshal.GetLastPInvokeError() == Errno.ECONNRESET) return (0, false);
            Libc.Check(result, "recvmsg");
            if (message.ControlLength >= (nuint)sizeof(Libc.ControlHeader)) Collect(control, message.ControlLength, descriptors);
            return ((int)result, (message.Flags & ControlTruncated) != 0);
        }
    }

    static void Collect(byte* control, nuint length, List<FileDescriptor> descriptors)
    {
        var header = (Libc.ControlHeader*)control;
        if (header->Level != SocketLevel || header->Type != Rights) return;
        var numbers = (int*)(header + 1);
        var count = (int)(Math.Min(header->Length, length) - (nuint)sizeof(Libc.ControlHeader)) / sizeof(int);
        for (var i = 0; i < count; i++) descriptors.Add(new FileDescriptor(numbers[i]));
    }

    /// <summary>Sends all bytes, blocking while the other side is slow. One thread at a time.</summary>
    /// <param name="data">At least one byte.</param>
    /// <param name="descriptors">Copies of these travel with the first byte; at most <see cref="MaxDescriptors"/>.</param>
    /// <exception cref="LinuxException">The other side is gone (EPIPE, ECONNRESET), or the kernel refused.</exception>
    public void Send(ReadOnlySpan<byte> data, params ReadOnlySpan<FileDescriptor> descriptors)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(descriptors.Length, MaxDescriptors);
        var control = stackalloc byte[16 + MaxDescriptors * sizeof(int)];
        fixed (byte* start = data)
            for (var sent = 0; sent < data.Length;)
            {
                var vector = new Libc.IoVector { Start = start + sent, Length = (nuint)(data.Length - sent) };
                var message = new Libc.MessageHeader { Vectors = &vector, VectorCount = 1 };
                if (sent == 0 && descriptors.Length > 0) Attach(&message, control, descriptors);
                nint result;
                do result = Libc.sendmsg(this, &message, NoSignal); while (Libc.Interrupted(result));
                sent += (int)Libc.Check(result, "sendmsg");
            }
    }

    /// <summary>Sends a short message if there is room for it at once. From any thread.</summary>
    /// <returns>False when there is none, or nobody to read it.</returns>
    public bool TrySend(ReadOnlySpan<byte> data) => SendSome(data) == data.Length;

    /// <summary>Sends what there is room for at once. One thread at a time.</summary>
    /// <returns>The number of bytes; 0 when there is no room, or nobody to read them.</returns>
    public int SendSome(ReadOnlySpan<byte> data)
    {
        const int dontWait = 0x40;
        fixed (byte* start = data)
        {
            var vector = new Libc.IoVector { Start = start, Length = (nuint)data.Length };
            var message = new Libc.MessageHeader { Vectors = &vector, VectorCount = 1 };
            nint result;
            do result = Libc.sendmsg(this, &message, NoSignal | dontWait); while (Libc.Interrupted(result));
            return (int)Math.Max(result, 0);
        }
    }

    /// <summary>Takes the bytes that are there. Descriptors that came with them are closed.</summary>
    /// <returns>The number of bytes, 0 at the end of the stream (a reset is an end); null when there are none yet.</returns>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public int? TryReceive(Span<byte> buffer)
    {
        const int dontWait = 0x40;
        fixed (byte* start = buffer)
        {
            var vector = new Libc.IoVector { Start = start, Length = (nuint)buffer.Length };
            var message = new Libc.MessageHeader { Vectors = &vector, VectorCount = 1 };
            nint result;
            do result = Libc.recvmsg(this, &message, dontWait); while (Libc.Interrupted(result));
            if (result >= 0) return (int)result;
            var errno = Marshal.GetLastPInvokeError();
            return errno == Errno.EAGAIN ? null : errno == Errno.ECONNRESET ? 0 : (int)Libc.Check(result, "recvmsg");
        }
    }

    static void Attach(Libc.MessageHeader* message, byte* control, ReadOnlySpan<FileDescriptor> descriptors)
    {
        var header = (Libc.ControlHeader*)control;
        (header->Length, header->Level, header->Type) = ((nuint)(sizeof(Libc.ControlHeader) + descriptors.Length * sizeof(int)), SocketLevel, Rights);
        for (var i = 0; i < descriptors.Length; i++) ((int*)(header + 1))[i] = descriptors[i].Number;
        message->Control = control;
        message->ControlLength = (header->Length + 7) & ~(nuint)7;
    }
}
