namespace Understudy.Guest.Protocol;

/// <summary>The output of a command, and then how it ended.</summary>
sealed class CommandReply(string command, int outputLimit, OutputHandler? onOutput, TimeProvider clock) : PendingReply
{
    readonly TaskCompletionSource<CommandResult> _source = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly CapturedOutput _stdout = new(outputLimit), _stderr = new(outputLimit);
    readonly long _started = clock.GetTimestamp();

    public Task<CommandResult> Task => _source.Task;

    /// <summary>Once it has ended: the number after the last record of the kernel log that was on its way to us before; 0 when none is.</summary>
    public ulong Logged { get; private set; }

    public override bool Accept(in Frame frame)
    {
        switch (frame.Type)
        {
            case FrameType.Stdout:
                Take(CommandStream.Stdout, _stdout, frame.Payload.Span);
                return false;
            case FrameType.Stderr:
                Take(CommandStream.Stderr, _stderr, frame.Payload.Span);
                return false;
            case FrameType.Exit:
                _source.TrySetResult(ResultFrom(frame));
                return true;
            case FrameType.Error:
                _source.TrySetException(ErrorFrom(frame, command));
                return true;
            default:
                throw Unexpected(frame, command);
        }
    }

    public override void Fail(Exception reason) => _source.TrySetException(reason);

    void Take(CommandStream stream, CapturedOutput output, ReadOnlySpan<byte> bytes)
    {
        if (_source.Task.IsCompleted) return;
        output.Append(bytes);
        try
        {
            onOutput?.Invoke(stream, bytes);
        }
#pragma warning disable CA1031 // Whatever the caller's handler throws belongs to the caller, not to the connection.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            _source.TrySetException(failure);
        }
    }

    CommandResult ResultFrom(in Frame frame)
    {
        var payload = new PayloadReader(frame.Type, frame.Payload.Span);
        var (code, signal) = ((int)payload.U32(), (int)payload.U32());
        Logged = payload.U64();
        return new(signal == 0 ? code : null, signal == 0 ? null : signal, _stdout.ToString(), _stderr.ToString(), clock.GetElapsedTime(_started));
    }
}
