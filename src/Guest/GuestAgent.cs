using Understudy.Guest.Protocol;

namespace Understudy.Guest;

/// <summary>
/// The host's side of a guest: runs commands in it, moves files, loads modules, waits for devices, reads its kernel log. Made over the
/// two byte streams of the guest's virtio-serial ports, <see cref="ControlPort"/> and <see cref="LogPort"/>. Any thread may use it. Every
/// request throws <see cref="GuestException"/> when the agent answers with an error and <see cref="GuestLostException"/> when the guest is
/// gone; cancelling a request makes the guest give it up, without waiting until it has.
/// </summary>
public sealed partial class GuestAgent : IAsyncDisposable
{
    /// <summary>Name of the port that carries requests and answers.</summary>
    public const string ControlPort = "understudy.ctl";

    /// <summary>Name of the port that carries the kernel log.</summary>
    public const string LogPort = "understudy.log";

    readonly Stream _log;
    readonly AgentConnection _connection;
    readonly DeviceCommands _deviceCommands;
    readonly TimeProvider _clock;
    readonly IGuestTime? _time;
    readonly CancellationTokenSource _closing = new();
    Task _logReader = Task.CompletedTask;
    GuestIdentity? _identity;
    volatile Heartbeat? _heartbeat;
    volatile TaskCompletionSource _beat = new(TaskCreationOptions.RunContinuationsAsynchronously);

    GuestAgent(Stream control, Stream log, GuestAgentOptions options)
    {
        _log = log;
        _clock = options.Clock;
        _time = options.Time;
        KernelLog = new(_time);
        _deviceCommands = new(options.OnDeviceCommand, _time);
        _connection = new(control, Take, _time);
    }

    /// <summary>What the agent said of its guest when the connection was made.</summary>
    public GuestIdentity Identity => _identity ?? throw new InvalidOperationException("the connection is not made yet");

    /// <summary>The guest's kernel log, from the first record the kernel still had.</summary>
    public KernelLog KernelLog { get; }

    /// <summary>The newest sign of life, or null before the first; there is one per second of guest time.</summary>
    public Heartbeat? LastHeartbeat => _heartbeat;

    /// <summary>Completes, with why, when the guest can be reached no more.</summary>
    public Task<GuestLostException> Lost => _connection.Lost;

    /// <summary>
    /// Makes the connection: waits until the guest's agent answers, which may be before the guest has begun to boot. Takes over both
    /// streams, also when it fails.
    /// </summary>
    /// <param name="control">The other end of <see cref="ControlPort"/>, read and written.</param>
    /// <param name="log">The other end of <see cref="LogPort"/>, only read.</param>
    /// <param name="options">Handler of device commands, clock.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="GuestLostException">A stream ended, or carried what is not the protocol.</exception>
    /// <exception cref="GuestException">The agent speaks another version of the protocol.</exception>
    public static async Task<GuestAgent> ConnectAsync(
        Stream control, Stream log, GuestAgentOptions? options = null, CancellationToken cancellation = default)
    {
        var agent = new GuestAgent(control, log, options ?? new());
        try
        {
            agent._connection.Start();
            agent._logReader = Task.Run(agent.ReadLogAsync, CancellationToken.None);
            agent._identity = await agent.GreetAsync(cancellation);
            return agent;
        }
        catch
        {
            await agent.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Completes when the agent has been silent for as long as given, by the host's clock, since its last heartbeat or, before the first,
    /// since this call; with the last heartbeat there was. A busy host stretches the guest's seconds: be generous.
    /// </summary>
    /// <exception cref="OperationCanceledException">It was cancelled while the guest was alive.</exception>
    public async Task<Heartbeat?> HeartbeatLostAsync(TimeSpan silence, CancellationToken cancellation = default)
    {
        var since = _heartbeat?.HostTimestamp ?? _clock.GetTimestamp();
        while (true)
        {
            var beat = _beat.Task;
            since = Math.Max(since, _heartbeat?.HostTimestamp ?? since);
            var remaining = silence - _clock.GetElapsedTime(since);
            if (remaining <= TimeSpan.Zero) return _heartbeat;
            try
            {
                await beat.WaitAsync(remaining, _clock, cancellation);
            }
            catch (TimeoutException)
            {
                // Not an answer yet: a beat may have come in between, so look at the clock again.
                continue;
            }
        }
    }

    /// <summary>Ends the connection. Commands under way in the guest are killed by the agent when its port closes.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_closing.IsCancellationRequested) return;
        await _closing.CancelAsync();
        await _connection.DisposeAsync();
        await _log.DisposeAsync();
        await _logReader;
        _closing.Dispose();
    }

    async Task<GuestIdentity> GreetAsync(CancellationToken cancellation)
    {
        var answer = await AskAsync(new FrameWriter(FrameType.Hello).U32(Frame.Version), "hello", cancellation);
        try
        {
            return IdentityFrom(answer);
        }
        catch (InvalidDataException fault)
        {
            _connection.Lose($"the guest broke the protocol: {fault.Message}", fault);
            throw await Lost;
        }
    }

    static GuestIdentity IdentityFrom(byte[] answer)
    {
        var payload = new PayloadReader(FrameType.Hello, answer);
        var (version, uptime, release, commandLine) = (payload.U32(), Microseconds(payload.U64()), payload.Text(), payload.Text());
        return new((int)version, release, commandLine, uptime);
    }

    void Take(Frame frame)
    {
        if (frame.Type == FrameType.Heartbeat) TakeHeartbeat(frame);
        else _deviceCommands.Take(frame, _connection);
    }

    void TakeHeartbeat(in Frame frame)
    {
        var payload = new PayloadReader(frame.Type, frame.Payload.Span);
        var (uptime, taint) = (Microseconds(payload.U64()), payload.U64());
        var (load1, load5, load15) = (payload.U32() / 100.0, payload.U32() / 100.0, payload.U32() / 100.0);
        _heartbeat = new(uptime, load1, load5, load15, taint, _clock.GetTimestamp());
        var beat = _beat;
        _beat = new(TaskCreationOptions.RunContinuationsAsynchronously);
        beat.TrySetResult();
    }

    async Task ReadLogAsync()
    {
        try
        {
            await new KernelLogReader(_log, KernelLog, _clock).ReadAllAsync(_closing.Token);
            KernelLog.Complete(new GuestLostException("the guest closed the log channel"));
        }
        catch (InvalidDataException fault)
        {
            KernelLog.Complete(fault);
            _connection.Lose($"the guest broke the protocol of the log channel: {fault.Message}", fault);
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException or OperationCanceledException)
        {
            KernelLog.Complete(failure);
        }
    }

    static TimeSpan Microseconds(ulong count) => TimeSpan.FromTicks((long)Math.Min(count, long.MaxValue / 10) * 10);

    Task<byte[]> AskAsync(FrameWriter request, string what, CancellationToken cancellation) =>
        _connection.RequestAsync(request, what, cancellation);
}
