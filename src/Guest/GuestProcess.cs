using Understudy.Guest.Protocol;

namespace Understudy.Guest;

/// <summary>
/// A command that runs in the guest, in a session of its own. Any thread may use it, but only one at a time gives it input; a second
/// one's is refused while the command has not taken the first's.
/// </summary>
public sealed class GuestProcess
{
    readonly AgentConnection _connection;
    readonly uint _id;

    internal GuestProcess(AgentConnection connection, uint id, Task<CommandResult> completion)
    {
        _connection = connection;
        _id = id;
        Completion = completion;
    }

    /// <summary>
    /// How it ended. Fails with <see cref="GuestException"/> when it could not be started, with <see cref="GuestLostException"/> when the
    /// guest was lost meanwhile, and with what the output handler threw, if it did.
    /// </summary>
    public Task<CommandResult> Completion { get; }

    /// <summary>Gives it input, and returns when it has taken all of it.</summary>
    /// <exception cref="GuestException">It ended, or closed its input, before it took everything.</exception>
    public async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation = default)
    {
        while (!bytes.IsEmpty)
        {
            var piece = bytes[..Math.Min(bytes.Length, Frame.Chunk)];
            await SendInputAsync(piece, cancellation);
            bytes = bytes[piece.Length..];
        }
    }

    /// <summary>Ends its input: closes the pipe, or types the end-of-file character into its terminal.</summary>
    /// <exception cref="GuestException">It ended, or its input is closed already.</exception>
    public Task CloseInputAsync(CancellationToken cancellation = default) => SendInputAsync(default, cancellation);

    /// <summary>Sends a signal to it and everything it started in its session.</summary>
    /// <param name="signal">Linux signal number (signal(7)): 2 interrupt, 9 kill, 15 terminate.</param>
    /// <param name="cancellation">Gives up waiting for the agent's answer.</param>
    /// <exception cref="GuestException">It has ended already.</exception>
    public Task SignalAsync(int signal, CancellationToken cancellation = default) => _connection.RequestAsync(
        new FrameWriter(FrameType.Signal).U32(_id).U32((uint)signal), $"signal {signal} to the command", cancellation);

    /// <summary>Tells its terminal a new size.</summary>
    /// <exception cref="GuestException">It has no terminal, or ended.</exception>
    public Task ResizeAsync(ushort rows, ushort columns, CancellationToken cancellation = default) => _connection.RequestAsync(
        new FrameWriter(FrameType.Resize).U32(_id).U32(rows | (uint)columns << 16), $"resize to {rows}x{columns}", cancellation);

    internal void Abandon() => _connection.Abandon(_id);

    Task<byte[]> SendInputAsync(ReadOnlyMemory<byte> piece, CancellationToken cancellation) => _connection.RequestAsync(
        new FrameWriter(FrameType.Stdin).U32(_id).Bytes(piece.Span), "input for the command", cancellation);
}
