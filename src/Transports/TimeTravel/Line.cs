using System.Buffers;
using Understudy.Linux;

namespace Understudy.Transports.TimeTravel;

/// <summary>One of a guest's lines, as its calendar lets us have it. What the guest says is shown when it has come to rest, so that all of
/// it is there; what it is told reaches it when it rests, at the time it is then. Reads by one at a time, writes from any thread.</summary>
sealed class Line(UnixSocket socket, Action changed) : Stream
{
    const int Room = 1 << 20, HiddenMost = 1 << 18, Piece = 1 << 16, TellMost = 1 << 14;

    readonly Lock _lock = new();
    readonly byte[] _heard = new byte[Room];
    readonly ArrayBufferWriter<byte> _told = new();
    TaskCompletionSource? _reader;
    int _start, _shown, _end;
    bool _spoke, _ended, _closed;

    /// <summary>What to wait for to hear more; null when there is no room, or nothing to come.</summary>
    public UnixSocket? Source
    {
        get { lock (_lock) return _ended || _end - _start >= Room - Piece ? null : socket; }
    }

    /// <summary>Hears what the guest has said, without waiting for more.</summary>
    public void Hear()
    {
        lock (_lock)
        {
            _heard.AsSpan(_start, _end - _start).CopyTo(_heard);
            (_start, _shown, _end) = (0, _shown - _start, _end - _start);
            while (!_ended && _end < Room && socket.TryReceive(_heard.AsSpan(_end)) is { } bytes)
            {
                _ended = bytes == 0;
                _spoke |= bytes > 0;
                _end += bytes;
            }
            if (_closed) (_start, _shown) = (_end, _end);
            if (_ended || _end - _shown > HiddenMost) Show();
        }
    }

    /// <summary>Something was said that nobody has been shown.</summary>
    public bool HasHidden
    {
        get { lock (_lock) return _end > _shown; }
    }

    /// <summary>Lets the reader have all that was heard.</summary>
    public void Show()
    {
        lock (_lock)
        {
            _shown = _end;
            if (_shown == _start && !_ended) return;
            _reader?.TrySetResult();
            _reader = null;
        }
    }

    /// <summary>The reader has taken all it was shown, is done with it, and wants more.</summary>
    public bool IsRead
    {
        get { lock (_lock) return _closed || _ended && _start == _shown || _reader is not null; }
    }

    /// <summary>Tells the guest what there is to tell it, once it has spoken: before that nobody there may listen.</summary>
    /// <returns>False when that is nothing, or the guest takes nothing.</returns>
    public bool Tell()
    {
        lock (_lock)
        {
            if (!_spoke || _told.WrittenCount == 0) return false;
            // In one piece (net/unix: one buffer): the guest notes each by itself, and must not find another while it is told to go on.
            var sent = socket.SendSome(_told.WrittenSpan[..Math.Min(_told.WrittenCount, TellMost)]);
            if (sent == 0) return false;
            var rest = _told.WrittenSpan[sent..].ToArray();
            _told.ResetWrittenCount();
            _told.Write(rest);
            return true;
        }
    }

    /// <summary>There will be no more of it: the guest is gone, or nobody serves the line any more.</summary>
    public void End()
    {
        lock (_lock)
        {
            _ended = true;
            Show();
        }
        socket.Dispose();
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            TaskCompletionSource reader;
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_closed, this);
                if (_shown > _start || _ended) return Take(buffer.Span);
                reader = _reader ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            }
            changed();
            await reader.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    int Take(Span<byte> buffer)
    {
        var bytes = Math.Min(buffer.Length, _shown - _start);
        _heard.AsSpan(_start, bytes).CopyTo(buffer);
        _start += bytes;
        return bytes;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (_ended) throw new IOException("the guest has closed the line");
            _told.Write(buffer.Span);
        }
        changed();
        return ValueTask.CompletedTask;
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush() { }

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Hangs up: the guest hears that, and whatever it still says is lost.</summary>
    protected override void Dispose(bool disposing)
    {
        lock (_lock)
        {
            if (_closed) return;
            _closed = true;
            (_start, _shown) = (_end, _end);
            _reader?.TrySetException(new ObjectDisposedException(nameof(Line)));
            _reader = null;
            if (!_ended) socket.Shutdown();
        }
        changed();
        base.Dispose(disposing);
    }
}
