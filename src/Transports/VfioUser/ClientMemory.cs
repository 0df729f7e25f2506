using System.Buffers;
using System.Runtime.InteropServices;
using Understudy.Transports.Serving;

namespace Understudy.Transports.VfioUser;

/// <summary>The machine's memory by messages: requests go out from any thread, the connection's reader brings the replies. The machine answers
/// only while no register access of its own is open, so nobody may wait here who holds the bus's lock.</summary>
sealed class ClientMemory(Connection connection, int maxTransfer)
{
    const int MostPending = 1024;
    readonly Lock _gate = new();
    readonly Dictionary<ushort, Pending> _pending = [];
    ushort _lastId;
    bool _closed;

    public async Task<bool> ReadAsync(ulong address, Memory<byte> destination)
    {
        for (var at = 0; at < destination.Length; at += maxTransfer)
        {
            var part = destination[at..Math.Min(destination.Length, at + maxTransfer)];
            if (!await Ask(Command.DmaRead, address + (ulong)at, part, default).ConfigureAwait(false)) return false;
        }
        return true;
    }

    public async Task<bool> WriteAsync(ulong address, ReadOnlyMemory<byte> source)
    {
        for (var at = 0; at < source.Length; at += maxTransfer)
        {
            var part = source[at..Math.Min(source.Length, at + maxTransfer)];
            if (!await Ask(Command.DmaWrite, address + (ulong)at, default, part).ConfigureAwait(false)) return false;
        }
        return true;
    }

    /// <summary>The reader met a reply.</summary>
    /// <exception cref="ProtocolException">To a question nobody asked, or of the wrong shape.</exception>
    public void Complete(in Header header, ReadOnlySpan<byte> body)
    {
        Pending? pending;
        lock (_gate) _pending.Remove(header.Id, out pending);
        if (pending is null) throw new ProtocolException($"reply {header.Id} (command {(ushort)header.Command}) answers nothing we asked");
        var sound = header.Command == pending.Command;
        var done = sound && (header.Flags & Header.Failed) == 0;
        if (done && pending.Command == Command.DmaRead)
        {
            done = sound = body.Length == DmaAccess.Bytes + pending.Destination.Length
                && MemoryMarshal.Read<DmaAccess>(body).Count == (ulong)pending.Destination.Length;
            if (done) body[DmaAccess.Bytes..].CopyTo(pending.Destination.Span);
        }
        pending.Done.SetResult(done);
        if (!sound) throw new ProtocolException($"reply {header.Id} (command {(ushort)header.Command}, {header.Size} bytes) does not fit our {pending.Command} of {pending.Destination.Length} bytes");
    }

    /// <summary>The machine is gone: what was asked fails, and so does what will be.</summary>
    public void Close()
    {
        Pending[] rest;
        lock (_gate)
        {
            _closed = true;
            rest = [.. _pending.Values];
            _pending.Clear();
        }
        foreach (var pending in rest) pending.Done.SetResult(false);
    }

    Task<bool> Ask(Command command, ulong address, Memory<byte> destination, ReadOnlyMemory<byte> source)
    {
        if (Register(new Pending(command, destination), out var id) is not { } pending) return Task.FromResult(false);
        var size = Header.Bytes + DmaAccess.Bytes + source.Length;
        var buffer = ArrayPool<byte>.Shared.Rent(size);
        var message = buffer.AsSpan(0, size);
        MemoryMarshal.Write(message, new Header(id, command, (uint)size, 0, 0));
        MemoryMarshal.Write(message[Header.Bytes..], new DmaAccess(address, (ulong)(destination.Length + source.Length)));
        source.Span.CopyTo(message[(Header.Bytes + DmaAccess.Bytes)..]);
        if (!connection.TrySend(message)) Fail(id);
        ArrayPool<byte>.Shared.Return(buffer);
        return pending.Done.Task;
    }

    void Fail(ushort id)
    {
        Pending? pending;
        lock (_gate) _pending.Remove(id, out pending);
        pending?.Done.SetResult(false);     // else it has failed already, with the connection
    }

    Pending? Register(Pending pending, out ushort id)
    {
        lock (_gate)
        {
            id = _lastId;
            if (_closed || _pending.Count >= MostPending) return null;
            do id = ++_lastId; while (_pending.ContainsKey(id));
            _pending.Add(id, pending);
            return pending;
        }
    }

    sealed record Pending(Command Command, Memory<byte> Destination)
    {
        public TaskCompletionSource<bool> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
