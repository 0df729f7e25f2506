using System.Runtime.InteropServices;
using Understudy.Linux;
using Understudy.Transports.Serving;

namespace Understudy.Transports.VfioUser;

/// <summary>Cuts the byte stream of a socket into messages and finds out whose the descriptors are. Reads as much as there is in one call;
/// a message's bytes stay in the buffer until the next one is asked for.</summary>
sealed class MessageReader(UnixSocket socket) : IDisposable
{
    /// <summary>The largest message: a transfer of <see cref="Connection.MaxTransfer"/> bytes and what surrounds it.</summary>
    public const int MaxMessage = Connection.MaxTransfer + 4096;

    readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(2 * MaxMessage, pinned: true);
    readonly List<FileDescriptor> _arrived = new(UnixSocket.MaxDescriptors);
    int _start, _end;       // what has been received and not been handed out
    int _ownerStart = -1;   // start of the message that owns what has arrived

    /// <summary>Descriptors of the current message; whatever is still here at the next one is closed.</summary>
    public List<FileDescriptor> Descriptors { get; } = new(UnixSocket.MaxDescriptors);

    /// <summary>Waits for the next message.</summary>
    /// <returns>False at the end of the stream, between two messages.</returns>
    /// <exception cref="ProtocolException">The stream ends inside a message, or holds something that is not one.</exception>
    public bool TryNext(out Header header, out ReadOnlySpan<byte> body)
    {
        Close(Descriptors);
        body = default;
        while (!HasMessage(_start, out header))
            if (!Fill()) return _end == _start ? false : throw new ProtocolException($"the connection ended {_end - _start} bytes into a message");
        body = _buffer.AsSpan(_start + Header.Bytes, (int)header.Size - Header.Bytes);
        if (_ownerStart == _start)
        {
            Descriptors.AddRange(_arrived);
            _arrived.Clear();
            _ownerStart = -1;
        }
        _start += (int)header.Size;
        return true;
    }

    public void Dispose()
    {
        Close(Descriptors);
        Close(_arrived);
    }

    bool HasMessage(int at, out Header header)
    {
        header = default;
        if (_end - at < Header.Bytes) return false;
        header = MemoryMarshal.Read<Header>(_buffer.AsSpan(at));
        if (header.Size is < Header.Bytes or > MaxMessage)
            throw new ProtocolException($"message {header.Id} (command {(ushort)header.Command}) says it has {header.Size} bytes; {Header.Bytes} to {MaxMessage} are possible");
        return _end - at >= header.Size;
    }

    bool Fill()
    {
        MakeRoom();
        var before = _arrived.Count;
        var (bytes, lost) = socket.Receive(_buffer.AsSpan(_end), _arrived);
        _end += bytes;
        if (lost) throw new ProtocolException($"descriptors were lost: more than {UnixSocket.MaxDescriptors} in one message, or this process may open no more");
        if (_arrived.Count > before) FindOwner(before);
        return bytes > 0;
    }

    /// <summary>One receive never goes past a write that carried descriptors, so they belong to the last message that starts in it.</summary>
    void FindOwner(int before)
    {
        var at = _start;
        while (HasMessage(at, out var header) && at + (int)header.Size < _end) at += (int)header.Size;
        if (before > 0) throw new ProtocolException("descriptors came with the middle of a message");
        _ownerStart = at;
    }

    void MakeRoom()
    {
        if (_start == _end)
        {
            if (_ownerStart >= 0) throw new ProtocolException("descriptors came without a message");
            _start = _end = 0;
        }
        else if (_buffer.Length - _start < MaxMessage)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            if (_ownerStart >= 0) _ownerStart -= _start;
            (_start, _end) = (0, _end - _start);
        }
    }

    static void Close(List<FileDescriptor> descriptors)
    {
        foreach (var descriptor in descriptors) descriptor.Dispose();
        descriptors.Clear();
    }
}
