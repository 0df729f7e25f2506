using Understudy.Guest.Protocol;

namespace Understudy.Guest.Tests;

/// <summary>The guest's side of the protocol, played by a test frame by frame.</summary>
sealed class ScriptedGuest : IDisposable
{
    readonly StreamPair _control = StreamPair.Create(), _log = StreamPair.Create();
    readonly FrameReader _requests;

    public ScriptedGuest() => _requests = new(_control.Guest) { Strict = true };

    public Stream Control => _control.Guest;
    public Stream Log => _log.Guest;

    public Task<GuestAgent> ConnectAsync(GuestAgentOptions? options = null) =>
        GuestAgent.ConnectAsync(_control.Host, _log.Host, options, TestContext.Current.CancellationToken);

    /// <summary>A connection whose greeting is over.</summary>
    public async Task<GuestAgent> ConnectedAsync(GuestAgentOptions? options = null)
    {
        var connecting = ConnectAsync(options);
        await GreetAsync();
        return await connecting;
    }

    public async Task GreetAsync()
    {
        var hello = await ExpectAsync(FrameType.Hello);
        await SendAsync(new FrameWriter(FrameType.Done).U32(1).U64(1_500_000).Text("6.1.0-test").Text("quiet panic=-1"), hello.Id);
    }

    public async Task<Frame> ExpectAsync(FrameType type)
    {
        var frame = await _requests.ReadAsync(TestContext.Current.CancellationToken) ?? throw new EndOfStreamException($"no {type} came");
        Assert.Equal(type, frame.Type);
        return frame with { Payload = frame.Payload.ToArray() };
    }

    public Task SendAsync(FrameWriter frame, uint id) => SendRawAsync(frame.Seal(id));

    public async Task SendRawAsync(ReadOnlyMemory<byte> bytes) => await Control.WriteAsync(bytes, TestContext.Current.CancellationToken);

    public async Task LogAsync(ulong sequence, string text) =>
        await Log.WriteAsync(RecordFrame(sequence, text), TestContext.Current.CancellationToken);

    public static ReadOnlyMemory<byte> RecordFrame(ulong sequence, string text) =>
        new FrameWriter(FrameType.LogRecord).U64(sequence).U64(sequence * 1000).U32(6).Bytes(System.Text.Encoding.UTF8.GetBytes(text)).Seal(0);

    /// <summary>Closes the guest's ends, as a machine does that stops to be.</summary>
    public void Die()
    {
        _control.Guest.Dispose();
        _log.Guest.Dispose();
    }

    public void Dispose()
    {
        _control.Dispose();
        _log.Dispose();
    }
}
