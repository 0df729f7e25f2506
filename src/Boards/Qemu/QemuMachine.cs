using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Understudy.Guest;
using Understudy.Pci;
using Understudy.Transports;
using Understudy.Transports.VfioUser;

namespace Understudy.Boards;

/// <summary>One QEMU process and everything we hold around it.</summary>
sealed partial class QemuMachine : IMachine
{
    // The monitor answers within milliseconds, unless QEMU itself is stuck.
    static readonly TimeSpan s_inspection = TimeSpan.FromSeconds(3);

    readonly QemuBoard _board;
    readonly BootSpec _spec;
    readonly TscFrequency _tsc;
    readonly SocketDirectory _sockets = new();
    readonly PacedClock _clock = new();
    readonly VfioUserTransport _pci;
    readonly TaskCompletionSource<MachineExit> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly CancellationTokenSource _over = new();
    QemuProcess? _process;
    QmpClient? _monitor;
    GuestAgent? _guest;
    Task _console = Task.CompletedTask;
    string? _said;
    bool _panicked, _killed, _disposed;

    public QemuMachine(QemuBoard board, TscFrequency tsc, BootSpec spec)
    {
        (_board, _tsc, _spec) = (board, tsc, spec);
        _pci = new VfioUserTransport(_clock, new VfioUserOptions { Directory = _sockets.Path, Seed = spec.Seed });
    }

    public IPciTransport Pci => _pci;

    public SerialConsole Console { get; } = new();

    public GuestAgent Guest => _guest ?? throw new InvalidOperationException("The machine has not booted.");

    public Task<MachineExit> Exit => _exit.Task;

    public Accelerator Accelerator => _board.Accelerator;

    public async Task PowerOnAsync(CancellationToken cancel = default)
    {
        if (_process is not null) throw new InvalidOperationException("A machine is switched on once.");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(_spec.BootLimit);
        try
        {
            await StartAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw await HungAsync().ConfigureAwait(false);
        }
    }

    public async Task<MachineExit> ShutDownAsync(TimeSpan grace)
    {
        if (_process is null) throw new InvalidOperationException("The machine has not been switched on.");
        try
        {
            if (_guest is not null && !Exit.IsCompleted) await _guest.PowerOffAsync().WaitAsync(grace).ConfigureAwait(false);
            return await Exit.WaitAsync(grace).ConfigureAwait(false);
        }
        catch (GuestLostException)
        {
            return await EndedOrKilledAsync(grace).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TimeoutException or GuestException)
        {
            PullPlug();
            return await Exit.ConfigureAwait(false);
        }
    }

    public async Task<string> InspectAsync(CancellationToken cancel = default)
    {
        if (_monitor is null || Exit.IsCompleted) return "";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(s_inspection);
        try
        {
            var arguments = new JsonObject { ["command-line"] = "info registers -a" };
            return (await _monitor.ExecuteAsync("human-monitor-command", arguments, limit.Token).ConfigureAwait(false)).GetString() ?? "";
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return "QEMU's monitor does not answer: QEMU itself is stuck";
        }
        catch (LabFailedException)
        {
            return "";
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true)) return;
        PullPlug();
        if (_process is not null) await Exit.ConfigureAwait(false);
        await _console.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _over.CancelAsync().ConfigureAwait(false);
        if (_guest is not null)
        {
            LearnTscFrequency(_guest);
            await _guest.DisposeAsync().ConfigureAwait(false);
        }
        if (_monitor is not null) await _monitor.DisposeAsync().ConfigureAwait(false);
        _process?.Dispose();
        await _pci.DisposeAsync().ConfigureAwait(false);
        _clock.Dispose();
        _sockets.Dispose();
        _over.Dispose();
    }

    void LearnTscFrequency(GuestAgent guest)
    {
        if (Accelerator.Name != "tcg" || _tsc.Known is not null) return;
        foreach (var record in guest.KernelLog.Since()) _tsc.Learn(record.Text);
    }

    async Task StartAsync(CancellationToken cancel)
    {
        var initramfs = _sockets["initramfs"];
        await _board.WriteInitramfsAsync(_spec, initramfs, cancel).ConfigureAwait(false);
        using var monitor = Listen("qmp");
        using var control = Listen("ctl");
        using var log = Listen("log");
        var launch = new QemuLaunch(Accelerator, _board.Qemu.FirmwarePath("qboot.rom"), initramfs, _sockets, _pci.DeviceArguments, _tsc.Known);
        _process = await QemuProcess.StartAsync(_board.Qemu.StartInfo(QemuCommandLine.For(_spec, launch))).ConfigureAwait(false);
        _console = Console.ReadAsync(_process.Console);
        _ = ReportExitAsync(_process);
        _monitor = await QmpClient.ConnectAsync(await AcceptAsync(monitor, cancel).ConfigureAwait(false), OnEvent, cancel).ConfigureAwait(false);
        var channels = (Control: await AcceptAsync(control, cancel).ConfigureAwait(false), Log: await AcceptAsync(log, cancel).ConfigureAwait(false));
        await MeetAgentAsync(channels.Control, channels.Log, cancel).ConfigureAwait(false);
    }

    async Task MeetAgentAsync(Stream control, Stream log, CancellationToken cancel)
    {
        var meeting = GuestAgent.ConnectAsync(control, log, new GuestAgentOptions { OnDeviceCommand = _spec.OnDeviceCommand }, cancel);
        if (await Task.WhenAny(meeting, Exit).ConfigureAwait(false) == Exit && !meeting.IsCompletedSuccessfully) throw await DiedAsync().ConfigureAwait(false);
        try
        {
            _guest = await meeting.ConfigureAwait(false);
        }
        catch (GuestLostException lost)
        {
            throw await LostAsync(lost, cancel).ConfigureAwait(false);
        }
    }

    // A channel that breaks is most often the first sign of a machine that ends: what ended it is the better story.
    async Task<Exception> LostAsync(GuestLostException lost, CancellationToken cancel)
    {
        try
        {
            await Exit.WaitAsync(TimeSpan.FromSeconds(2), cancel).ConfigureAwait(false);
            return await DiedAsync().ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return new BootFailedException(Stage(""), $"the agent's channel broke before it answered: {lost.Message}\n{Console.LastLines(20)}");
        }
    }

    Socket Listen(string name)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(_sockets[name]));
        socket.Listen(1);
        return socket;
    }

    async Task<Stream> AcceptAsync(Socket listener, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel, _over.Token);
        var accepting = listener.AcceptAsync(stop.Token).AsTask();
        if (await Task.WhenAny(accepting, Exit).ConfigureAwait(false) == Exit && !accepting.IsCompletedSuccessfully)
        {
            await stop.CancelAsync().ConfigureAwait(false);
            throw await DiedAsync().ConfigureAwait(false);
        }
        return new NetworkStream(await accepting.ConfigureAwait(false), ownsSocket: true);
    }

    void OnEvent(string name, JsonElement data)
    {
        switch (name)
        {
            case "GUEST_PANICKED" or "GUEST_CRASHLOADED":
                _panicked = true;
                break;
            case "SHUTDOWN":
                _said = data.ValueKind == JsonValueKind.Object && data.TryGetProperty("reason", out var reason) ? reason.GetString() : null;
                break;
        }
    }

    async Task ReportExitAsync(QemuProcess process)
    {
        var status = await process.Ended.ConfigureAwait(false);
        // QEMU's last words and its last event may still be on their way when the process has already ended.
        await Task.WhenAll(_console, _monitor?.Ended ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var panicked = _panicked || Console.Tail.Contains("Kernel panic - not syncing", StringComparison.Ordinal);
        var reason = _killed ? MachineExitReason.Killed
            : panicked ? MachineExitReason.Panicked
            : _said == "guest-reset" ? MachineExitReason.Reset
            : _said == "guest-shutdown" ? MachineExitReason.PoweredOff
            : MachineExitReason.Died;
        var detail = reason == MachineExitReason.Died ? string.Create(CultureInfo.InvariantCulture, $"QEMU ended with status {status}. {process.Errors}") : "";
        _exit.TrySetResult(new MachineExit(reason, detail));
    }

    async Task<Exception> DiedAsync()
    {
        var exit = await Exit.ConfigureAwait(false);
        return exit.Reason is MachineExitReason.Died or MachineExitReason.Killed
            ? new LabFailedException($"QEMU did not bring the machine up: {exit.Detail}")
            : new BootFailedException(Stage(""), $"the guest {(exit.Reason == MachineExitReason.Panicked ? "panicked" : "reset itself")} while it booted\n{Console.LastLines(20)}");
    }

    async Task<Exception> HungAsync()
    {
        var where = await InspectAsync().ConfigureAwait(false);
        PullPlug();
        var limit = _spec.BootLimit.TotalSeconds.ToString("F0", CultureInfo.InvariantCulture);
        return new BootFailedException(Stage(where), $"no agent after {limit} s\n{Console.LastLines(20)}\n{where.Split('\n').FirstOrDefault(line => line.Contains("RIP", StringComparison.Ordinal))}".TrimEnd());
    }

    // A healthy kernel boots without a word on the console ('quiet'), so where its CPUs are counts as much as what it said.
    BootStage Stage(string registers)
    {
        if (_guest is not null) return BootStage.Agent;
        var text = Console.Tail;
        return text.Contains("understudy-agent", StringComparison.Ordinal) || RanUserCode().IsMatch(registers) ? BootStage.Init
            : text.Contains("Linux version", StringComparison.Ordinal) || text.Contains("] ", StringComparison.Ordinal) || RanKernelCode().IsMatch(registers) ? BootStage.Kernel
            : BootStage.Firmware;
    }

    [GeneratedRegex("RIP=[0-9a-f]{16} .*CPL=3")]
    private static partial Regex RanUserCode();

    [GeneratedRegex("RIP=ffff[89a-f][0-9a-f]{11} ")]
    private static partial Regex RanKernelCode();

    void PullPlug()
    {
        if (_process is null || _process.Ended.IsCompleted) return;
        _killed = true;
        _process.Kill();
    }

    // A guest that left before it was asked is ending by itself; how it does is the better story.
    async Task<MachineExit> EndedOrKilledAsync(TimeSpan grace)
    {
        await ((Task)Exit).WaitAsync(grace).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        PullPlug();
        return await Exit.ConfigureAwait(false);
    }
}
