using System.Text;

namespace Understudy.Guest.Protocol;

/// <summary>
/// The control channel: one reader that hands each frame to whom it belongs, and writes that never interleave. The guest is not
/// trusted: whatever breaks the protocol ends the connection with the reason, and fails everyone who waits.
/// </summary>
sealed class AgentConnection(Stream stream, Action<Frame> onEvent, IGuestTime? time = null) : IAsyncDisposable
{
    readonly Lock _lock = new();
    readonly Dictionary<uint, PendingReply> _pending = [];
    readonly SemaphoreSlim _writing = new(1, 1);
    readonly CancellationTokenSource _closing = new();
    readonly TaskCompletionSource<GuestLostException> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly FrameReader _frames = new(stream);
    Task _reader = Task.CompletedTask;
    uint _lastId;

    /// <summary>Completes, with why, when the guest can be reached no more.</summary>
    public Task<GuestLostException> Lost => _lost.Task;

    public void Start() => _reader = Task.Run(ReadAllAsync);

    /// <summary>Sends a request and leaves its answer to <paramref name="reply"/>; gives the request's id.</summary>
    public async Task<uint> SendAsync(FrameWriter request, PendingReply reply, CancellationToken cancellation)
    {
        // No time passes between the question and its being asked.
        time?.Hold();
        try
        {
            return await SendHeldAsync(request, reply, cancellation);
        }
        finally
        {
            time?.Release();
        }
    }

    async Task<uint> SendHeldAsync(FrameWriter request, PendingReply reply, CancellationToken cancellation)
    {
        var id = Register(reply);
        ReadOnlyMemory<byte> frame;
        try
        {
            frame = request.Seal(id);
        }
        catch
        {
            Forget(id);
            throw;
        }
        try
        {
            await WriteAsync(frame).WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            // The request is, or will be, written all the same.
            Abandon(id);
            throw;
        }
        return id;
    }

    /// <summary>Sends a request and waits for its one answer. Cancelling tells the guest to give up and does not wait for it to do so.</summary>
    public async Task<byte[]> RequestAsync(FrameWriter request, string what, CancellationToken cancellation)
    {
        var reply = new SimpleReply(what);
        var id = await SendAsync(request, reply, cancellation);
        try
        {
            return await reply.Task.WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            Abandon(id);
            throw;
        }
    }

    /// <summary>Kills what a request has under way in the guest, and does not wait for it; its last answer is still expected.</summary>
    public void Abandon(uint id)
    {
        const uint sigkill = 9;
        var kill = new SimpleReply("give up");
        _ = kill.Task.ContinueWith(static task => task.Exception, TaskScheduler.Default);
        var sent = SendAsync(new FrameWriter(FrameType.Signal).U32(id).U32(sigkill), kill, CancellationToken.None);
        _ = sent.ContinueWith(static task => task.Exception, TaskScheduler.Default);
    }

    /// <summary>Answers a command of the guest, which is not answered in turn.</summary>
    public Task ReplyAsync(FrameWriter reply, uint id) => WriteAsync(reply.Seal(id));

    /// <summary>Ends the connection; the first reason counts.</summary>
    public void Lose(string why, Exception? cause = null)
    {
        var reason = new GuestLostException(why, cause);
        if (!_lost.TrySetResult(reason)) return;
        PendingReply[] waiting;
        lock (_lock)
        {
            waiting = [.. _pending.Values];
            _pending.Clear();
        }
        _closing.Cancel();
        foreach (var reply in waiting)
        {
            reply.Fail(reason);
            time?.End();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Lose("the connection was closed by the host");
        await stream.DisposeAsync();
        await _reader;
        _closing.Dispose();
    }

    uint Register(PendingReply reply)
    {
        lock (_lock)
        {
            if (_lost.Task.IsCompletedSuccessfully) throw new GuestLostException(_lost.Task.Result.Message, _lost.Task.Result);
            do _lastId = (_lastId + 1) & ~Frame.GuestId;
            while (_lastId == 0 || _pending.ContainsKey(_lastId));
            _pending.Add(_lastId, reply);
            time?.Begin();
            return _lastId;
        }
    }

    void Forget(uint id)
    {
        lock (_lock)
            if (_pending.Remove(id)) time?.End();
    }

    async Task WriteAsync(ReadOnlyMemory<byte> frame)
    {
        try
        {
            await _writing.WaitAsync(_closing.Token);
        }
        catch (Exception closed) when (closed is OperationCanceledException or ObjectDisposedException)
        {
            throw await Lost;
        }
        try
        {
            // Never cancelled halfway: a torn frame would take the channel with it.
            await stream.WriteAsync(frame, _closing.Token);
            await stream.FlushAsync(_closing.Token);
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException or OperationCanceledException)
        {
            Lose("the control channel takes no more requests", failure);
            throw _lost.Task.Result;
        }
        finally
        {
            _writing.Release();
        }
    }

    async Task ReadAllAsync()
    {
        try
        {
            while (await _frames.ReadAsync(_closing.Token) is { } frame) Dispatch(frame);
            Lose("the guest closed the control channel");
        }
        catch (InvalidDataException fault)
        {
            Lose($"the guest broke the protocol: {fault.Message}", fault);
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException or OperationCanceledException)
        {
            Lose("the control channel broke", failure);
        }
    }

    void Dispatch(in Frame frame)
    {
        if (frame.Type is FrameType.Heartbeat or FrameType.DeviceCommand)
        {
            if (_frames.Strict) onEvent(frame);
            return;
        }
        PendingReply? reply;
        lock (_lock) _pending.TryGetValue(frame.Id, out reply);
        if (reply is not null)
        {
            if (reply.Accept(frame)) Forget(frame.Id);
            _frames.Strict = true;
        }
        else if (_frames.Strict)
        {
            var said = frame.Type == FrameType.Error ? $": {Encoding.UTF8.GetString(frame.Payload.Span[Math.Min(4, frame.Payload.Length)..])}" : "";
            throw new InvalidDataException($"a {frame.Type} frame answers request {frame.Id}, which nobody made{said}");
        }
    }
}
