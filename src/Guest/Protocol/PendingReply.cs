using System.Text;

namespace Understudy.Guest.Protocol;

/// <summary>Somebody who waits for the answer to a request. Called by the connection's reader, one frame after the other.</summary>
abstract class PendingReply
{
    /// <summary>Takes a frame with the request's id; true when it was the last.</summary>
    /// <exception cref="InvalidDataException">The frame cannot be part of this answer.</exception>
    public abstract bool Accept(in Frame frame);

    /// <summary>No answer will come.</summary>
    public abstract void Fail(Exception reason);

    protected static GuestException ErrorFrom(in Frame frame, string request)
    {
        var payload = new PayloadReader(frame.Type, frame.Payload.Span);
        return new((int)payload.U32(), request, Encoding.UTF8.GetString(payload.Rest()));
    }

    protected static InvalidDataException Unexpected(in Frame frame, string request) =>
        new($"a {frame.Type} frame cannot answer '{request}'");
}

/// <summary>The answer that is one Done or Error frame.</summary>
sealed class SimpleReply(string request) : PendingReply
{
    readonly TaskCompletionSource<byte[]> _source = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<byte[]> Task => _source.Task;

    public override bool Accept(in Frame frame)
    {
        if (frame.Type == FrameType.Done) _source.TrySetResult(frame.Payload.ToArray());
        else if (frame.Type == FrameType.Error) _source.TrySetException(ErrorFrom(frame, request));
        else throw Unexpected(frame, request);
        return true;
    }

    public override void Fail(Exception reason) => _source.TrySetException(reason);
}

/// <summary>The content of a file, piece by piece, and then Done.</summary>
sealed class PullReply(string path, Stream destination, long limit) : PendingReply
{
    readonly TaskCompletionSource<long> _source = new(TaskCreationOptions.RunContinuationsAsynchronously);
    long _length;

    public Task<long> Task => _source.Task;

    public override bool Accept(in Frame frame)
    {
        if (frame.Type == FrameType.Data) return Take(frame.Payload.Span);
        if (frame.Type == FrameType.Done) _source.TrySetResult(_length);
        else if (frame.Type == FrameType.Error) _source.TrySetException(ErrorFrom(frame, $"pull {path}"));
        else throw Unexpected(frame, $"pull {path}");
        return true;
    }

    public override void Fail(Exception reason) => _source.TrySetException(reason);

    bool Take(ReadOnlySpan<byte> piece)
    {
        if (_source.Task.IsCompleted) return false;
        _length += piece.Length;
        try
        {
            if (_length > limit) throw new IOException($"{path} in the guest is longer than the {limit} bytes that were allowed");
            destination.Write(piece);
        }
        catch (Exception failure) when (failure is IOException or NotSupportedException or ObjectDisposedException or UnauthorizedAccessException)
        {
            _source.TrySetException(failure);
        }
        return false;
    }
}
