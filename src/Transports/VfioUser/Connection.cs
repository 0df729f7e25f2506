using System.Runtime.InteropServices;
using Understudy.Linux;
using Understudy.Transports.Serving;

namespace Understudy.Transports.VfioUser;

/// <summary>The conversation with one client. Its messages are carried out in order on the thread that calls <see cref="Run"/>, one answer
/// each, and none allocates.</summary>
sealed class Connection(UnixSocket socket, DeviceCommands commands, bool writeMultiple) : IConversation
{
    /// <summary>The most bytes one message moves. QEMU's answer to a DMA_READ is cut off at the socket's buffer, 208 KiB, and never
    /// completed.</summary>
    public const int MaxTransfer = 64 * 1024;

    readonly MessageReader _reader = new(socket);
    readonly byte[] _out = GC.AllocateUninitializedArray<byte>(MessageReader.MaxMessage, pinned: true);
    readonly Lock _sending = new();
    bool _closed;

    /// <summary>The machine's memory by messages; null until the versions are agreed on.</summary>
    public ClientMemory? Memory { get; private set; }

    /// <summary>Serves the client until it leaves.</summary>
    /// <exception cref="ProtocolException">It broke the protocol.</exception>
    /// <exception cref="LinuxException">It left while we answered.</exception>
    public void Run()
    {
        if (!_reader.TryNext(out var header, out var body)) return;
        Negotiate(header, body);
        while (_reader.TryNext(out header, out body))
            if (header.IsReply) Memory!.Complete(header, body);
            else Answer(header, body);
    }

    /// <summary>Sends a request of ours. From any thread, also after the end.</summary>
    /// <returns>False when it cannot arrive: the conversation has ended, or ends now.</returns>
    public bool TrySend(ReadOnlySpan<byte> request)
    {
        lock (_sending)
        {
            if (_closed) return false;
            try
            {
                socket.Send(request);
                return true;
            }
            catch (LinuxException)
            {
                socket.Shutdown();      // half a request may be out
                return false;
            }
        }
    }

    /// <summary>Ends the conversation; <see cref="Run"/> returns soon. From any thread.</summary>
    public void Shutdown() => socket.Shutdown();

    public void Dispose()
    {
        socket.Shutdown();              // wakes whoever is sending
        lock (_sending) _closed = true;
        Memory?.Close();
        _reader.Dispose();
        socket.Dispose();
    }

    void Negotiate(in Header header, ReadOnlySpan<byte> body)
    {
        try
        {
            Memory = new ClientMemory(this, Negotiation.Accept(header, body));
        }
        catch (ProtocolException)
        {
            if (!header.IsReply) Reply(header, Errno.EINVAL, 0);
            throw;
        }
        var answer = Negotiation.Answer(writeMultiple);
        answer.CopyTo(_out.AsSpan(Header.Bytes));
        Reply(header, 0, answer.Length);
    }

    void Answer(in Header header, ReadOnlySpan<byte> body)
    {
        if ((header.Flags & Header.TypeMask) != 0) throw new ProtocolException($"message {header.Id} is neither a command nor a reply (flags 0x{header.Flags:x})");
        var error = commands.Execute(header.Command, body, _reader.Descriptors, _out.AsSpan(Header.Bytes), out var length);
        Reply(header, error, length);
    }

    void Reply(in Header to, int error, int length)
    {
        if (!to.WantsReply) return;
        var size = Header.Bytes + (error == 0 ? length : 0);
        var flags = Header.Reply | (error == 0 ? 0 : Header.Failed);
        MemoryMarshal.Write(_out, new Header(to.Id, to.Command, (uint)size, flags, (uint)error));
        lock (_sending) socket.Send(_out.AsSpan(0, size));
    }
}
