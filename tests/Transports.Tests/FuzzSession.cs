using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Understudy.Linux;
using Understudy.Transports.VfioUser;

namespace Understudy.Transports.Tests;

/// <summary>One connection of a hostile client. A second thread checks that every command that wants an answer gets exactly one, in order.</summary>
sealed class FuzzSession : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    const ushort Fence = 0xFFFF;

    readonly Rig _rig;
    readonly DescriptorPool _pool;
    readonly Random _random;
    readonly FuzzMessages _messages;
    readonly UnixSocket _socket;
    readonly ConcurrentQueue<(ushort Id, ushort Command)> _expected = new();
    readonly byte[] _batch = new byte[160_000];
    readonly List<Task> _asked = [];
    int _filled, _sent, _done;
    ushort _id;
    bool _fatal;

    public FuzzSession(Rig rig, DescriptorPool pool, int seed)
    {
        (_rig, _pool, _random) = (rig, pool, new Random(seed));
        _messages = new FuzzMessages(_random);
        _socket = UnixSocket.Connect(rig.SocketPath);
    }

    public void Dispose() => _socket.Dispose();

    /// <returns>How many messages were sent, and how many the server said it had carried out.</returns>
    public (int Sent, int Done) Run()
    {
        Exception? failure = null;
        var reader = new Thread(() => failure = Record.Exception(ReadReplies));
        reader.Start();
        try
        {
            SendAll(_random.Next(1, 2000));
        }
        catch (LinuxException exception) when (exception.Errno is Errno.EPIPE or Errno.ECONNRESET && _fatal)
        {
            // It hung up on us, and was right to.
        }
        catch (LinuxException) when (!reader.IsAlive)
        {
            // The reader's failure tells more.
        }
        reader.Join();
        _socket.Shutdown();
        if (failure is not null) throw failure;
        if (!_fatal && !_expected.IsEmpty) throw new InvalidOperationException($"{_expected.Count} commands were never answered");
        if (!Task.WaitAll([.. _asked], Patience)) throw new InvalidOperationException("a DMA request outlived its connection");
        return (_sent, _done);
    }

    void SendAll(int count)
    {
        if (_random.Next(20) != 0) Add(1, ScriptedClient.Version(), 0);
        else _fatal = true;
        for (var i = 0; i < count; i++)
        {
            if (_random.Next(4000) == 0)
            {
                SendFatal();
                return;
            }
            AddOne();
        }
        if (_random.Next(2) == 0 && !_fatal)
        {
            Add(9, ScriptedClient.Bytes(0UL, 7u, 4u), 0, id: Fence);
            Flush();
            return;
        }
        Flush();
        _fatal = true;
        _socket.Shutdown();     // leaves without listening to the end
    }

    void AddOne()
    {
        var body = _messages.Next(out var command);
        var flags = _random.Next(5) == 0 ? Header.NoReply : (uint)_random.NextInt64(1L << 32) & ~0x1Fu & (_random.Next(9) == 0 ? ~0u : 0);
        if (command is 2 or 8 && _random.Next(2) == 0 || _random.Next(200) == 0)
        {
            SendWithDescriptors(command, body, flags);
            return;
        }
        Add(command, body, flags);
        if (_random.Next(300) == 0) AskForMemory();
        if (_random.Next(2000) == 0) AddReply();
    }

    void Add(ushort command, ReadOnlySpan<byte> body, uint flags, ushort? id = null)
    {
        var size = Header.Bytes + body.Length;
        if (_filled + size > _batch.Length) Flush();
        var header = new Header(id ?? (ushort)(_id++ % Fence), (Command)command, (uint)size, flags, 0);
        if (header.WantsReply) _expected.Enqueue((header.Id, command));
        MemoryMarshal.Write(_batch.AsSpan(_filled), header);
        body.CopyTo(_batch.AsSpan(_filled + Header.Bytes));
        _filled += size;
        _sent++;
        if (_random.Next(60) == 0) Flush();
    }

    void SendWithDescriptors(ushort command, ReadOnlySpan<byte> body, uint flags)
    {
        Flush();
        var count = _random.Next(4) == 0 ? _random.Next(UnixSocket.MaxDescriptors + 1) : 1;
        Add(command, body, flags);
        if (_filled == 0) return;       // gone already, without any
        _socket.Send(_batch.AsSpan(0, _filled), _pool.Take(_random, count));
        _filled = 0;
    }

    /// <summary>Has the server ask us something, which we may never answer.</summary>
    void AskForMemory() => _asked.Add(_random.Next(2) == 0
        ? _rig.Transport.ReadMemoryAsync(_rig.Slot, 0x1000, new byte[_random.Next(1, 100)])
        : _rig.Transport.WriteMemoryAsync(_rig.Slot, 0x1000, new byte[_random.Next(1, 100)]));

    /// <summary>An answer to a question that may not have been asked.</summary>
    void AddReply()
    {
        _fatal = true;
        var body = new byte[_random.Next(200)];
        var id = (ushort)_random.Next(_random.Next(2) == 0 ? 4 : 65536);
        var frame = ScriptedClient.Frame(id, _random.Next(10, 14), body, Header.Reply | (_random.Next(2) == 0 ? Header.Failed : 0));
        Flush();
        _socket.Send(frame);
        _sent++;
    }

    void SendFatal()
    {
        Flush();
        _fatal = true;
        _sent++;
        var frame = ScriptedClient.Frame(1, 9, new byte[16]);
        switch (_random.Next(5))
        {
            case 0: frame[4] = (byte)_random.Next(16); break;                                  // too small to be one
            case 1: frame[6] = frame[7] = 0xFF; break;                                         // too large
            case 2: frame[8] = (byte)_random.Next(2, 16); break;                               // neither command nor reply
            case 3: frame = frame[.._random.Next(1, frame.Length)]; break;                     // stops in the middle
            default: _random.NextBytes(frame = new byte[_random.Next(1, 3000)]); break;
        }
        _socket.Send(frame, _pool.Take(_random, _random.Next(3)));
        _socket.Shutdown();
    }

    void Flush()
    {
        if (_filled > 0) _socket.Send(_batch.AsSpan(0, _filled));
        _filled = 0;
    }

    void ReadReplies()
    {
        var buffer = new byte[400_000];
        var descriptors = new List<FileDescriptor>();
        for (var filled = 0; ;)
        {
            if (!_socket.WaitReadable(Patience)) throw new InvalidOperationException("the server makes no progress");
            var (bytes, _) = _socket.Receive(buffer.AsSpan(filled), descriptors);
            if (bytes == 0) return;
            filled += bytes;
            var at = 0;
            while (filled - at >= Header.Bytes && MemoryMarshal.Read<Header>(buffer.AsSpan(at)) is var header && header.Size <= filled - at)
            {
                if (header.IsReply && Check(header)) return;
                at += (int)header.Size;
            }
            buffer.AsSpan(at, filled - at).CopyTo(buffer);
            filled -= at;
        }
    }

    /// <returns>True at the last reply of a session that ends well.</returns>
    bool Check(in Header header)
    {
        if (!_expected.TryDequeue(out var expected)) throw new InvalidOperationException($"an answer to nothing: {header}");
        if ((header.Id, (ushort)header.Command) != expected) throw new InvalidOperationException($"{header} where an answer to {expected} was due");
        var failed = (header.Flags & Header.Failed) != 0;
        if (failed != (header.Error != 0) || (failed && header.Size != Header.Bytes)) throw new InvalidOperationException($"a reply that contradicts itself: {header}");
        if (!failed) _done++;
        return header.Id == Fence;
    }
}
