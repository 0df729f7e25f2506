using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Understudy.Guest;
using Understudy.Pci;
using Understudy.Transports;
using Understudy.Transports.VhostUserPci;

namespace Understudy.Boards;

/// <summary>A machine of one spec: its devices, and the kernel they are in.</summary>
sealed partial class UmlMachine : IMachine
{
    const string Panic = "Kernel panic - not syncing";

    static readonly TimeSpan s_answer = TimeSpan.FromSeconds(10);

    // Its code runs at the host's speed, and does not take as long between two accesses as an emulated processor's.
    static readonly TimeSpan s_quiet = TimeSpan.FromMicroseconds(400);

    readonly UmlBoard _board;
    readonly BootSpec _spec;
    readonly SocketDirectory _sockets = new();
    readonly DeviceClock _clock;
    readonly Transports.TimeTravel.Calendar? _calendar;
    readonly CalendarTime? _time;
    readonly VhostUserPciTransport _pci;
    readonly TaskCompletionSource<MachineExit> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    UmlProcess? _process;
    GuestAgent? _guest;
    Task _reading = Task.CompletedTask;
    bool _killed, _asked, _disposed;

    public UmlMachine(UmlBoard board, BootSpec spec)
    {
        (_board, _spec) = (board, spec);
        if (spec.Time == GuestTime.Virtual)
        {
            var clock = new CalendarClock();
            (_clock, _calendar) = (clock, new(clock, _sockets["calendar"]));
            _time = new CalendarTime(_calendar);
        }
        else _clock = new PacedClock(quiet: s_quiet);
        var options = new VhostUserPciOptions { Directory = _sockets.Path, Calendar = _calendar, Seed = spec.Seed };
        var hasTimeOfItsOwn = spec.KernelArguments.Any(argument => argument.StartsWith("time-travel", StringComparison.Ordinal));
        _pci = new VhostUserPciTransport(_clock, hasTimeOfItsOwn ? options with { PostsWithin = TimeSpan.Zero } : options);
    }

    public IPciTransport Pci => _pci;

    public SerialConsole Console { get; } = new();

    public GuestAgent Guest => _guest ?? throw new InvalidOperationException("The machine has not booted.");

    public Task<MachineExit> Exit => _exit.Task;

    public long? VirtualNanoseconds => _calendar is null ? null : _clock.Now;

    public Accelerator Accelerator => _board.Accelerator;

    // The signals are how the kernel learns of page faults and of its own ends.
    public DebugTarget? Debugging => _process is null ? null
        : new DebugTarget(_spec.Kernel.Vmlinuz, ["handle SIGSEGV SIGUSR1 SIGUSR2 nostop noprint pass", string.Create(CultureInfo.InvariantCulture, $"attach {_process.Id}")]);

    public async Task PowerOnAsync(CancellationToken cancel = default)
    {
        if (_process is not null) throw new InvalidOperationException("A machine is switched on once.");
        var initramfs = _sockets["initramfs"];
        (await _board.InitramfsAsync(_spec, cancel).ConfigureAwait(false)).WriteTo(initramfs);
        _process = await UmlProcess.StartAsync(_spec.Kernel.Vmlinuz, _sockets.Path, UmlCommandLine.For(_spec, _sockets.Path, initramfs, _calendar?.SocketPath, _pci.DeviceArguments), _calendar is null ? null : _calendar.Serve).ConfigureAwait(false);
        _reading = Console.ReadAsync(_process.Console);
        _ = ReportExitAsync(_process);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        stop.CancelAfter(_spec.BootLimit);
        try
        {
            await WhileRunningAsync(MeetAsync(_process, stop.Token)).ConfigureAwait(false);
            await WhileRunningAsync(GuestSoftware.PreloadAsync(Guest, _spec, stop.Token)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            PullPlug();
            var seconds = _spec.BootLimit.TotalSeconds.ToString("F0", CultureInfo.InvariantCulture);
            throw new BootFailedException(Stage, $"no agent after {seconds} s\n{Console.LastLines(20)}".TrimEnd());
        }
    }

    public async Task<MachineExit> ShutDownAsync(TimeSpan grace)
    {
        if (_process is null) throw new InvalidOperationException("The machine has not been switched on.");
        try
        {
            _asked = true;
            if (_guest is { } guest && !Exit.IsCompleted) await guest.PowerOffAsync().WaitAsync(grace).ConfigureAwait(false);
            return await Exit.WaitAsync(grace).ConfigureAwait(false);
        }
        catch (GuestLostException)
        {
            // It left before it was asked, and ends by itself; how it does is the better story.
            await ((Task)Exit).WaitAsync(grace).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return await KilledAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TimeoutException or GuestException)
        {
            return await KilledAsync().ConfigureAwait(false);
        }
    }

    // The registers of the process say nothing to anybody: where the kernel is, it says itself.
    public Task<string> InspectAsync(CancellationToken cancel = default) => Task.FromResult("");

    public async Task<string> AskTasksAsync(CancellationToken cancel = default)
    {
        if (_process is null || Exit.IsCompleted) return "";
        var (ear, said) = (new ManagementConsole(_sockets.Path), new StringBuilder());
        // At the highest log level, or half of it is left out.
        foreach (var key in "9wt")
        {
            var answer = await ear.SysRqAsync(key, s_answer, cancel).ConfigureAwait(false);
            if (answer.Length == 0) break;
            said.Append(answer).Append('\n');
        }
        return string.Join('\n', said.ToString().Split('\n').Where(line => line.Length > 0 && !StackWords().IsMatch(line)));
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true)) return;
        PullPlug();
        if (_process is not null) await Exit.ConfigureAwait(false);
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_guest is not null) await _guest.DisposeAsync().ConfigureAwait(false);
        _process?.Dispose();
        await _pci.DisposeAsync().ConfigureAwait(false);
        _calendar?.Dispose();
        (_clock as IDisposable)?.Dispose();
        _sockets.Dispose();
    }

    // The agent says when its lines pass bytes through as they are; until then they would edit what we send, and send it back. The calendar's
    // lines wait for that themselves.
    async Task MeetAsync(UmlProcess process, CancellationToken cancel)
    {
        var sign = new byte[1];
        foreach (var line in _calendar is null ? (Stream[])[process.Control, process.Log] : [])
            if (await line.ReadAsync(sign, cancel).ConfigureAwait(false) == 0) throw new GuestLostException("the agent's lines were closed before it spoke");
        _guest = await GuestAgent.ConnectAsync(process.Control, process.Log, new GuestAgentOptions { OnDeviceCommand = _spec.OnDeviceCommand, Time = _time }, cancel).ConfigureAwait(false);
    }

    // A guest that ends meanwhile is the better story.
    async Task WhileRunningAsync(Task work)
    {
        if (await Task.WhenAny(work, Exit).ConfigureAwait(false) == Exit && !work.IsCompletedSuccessfully) throw await DiedAsync().ConfigureAwait(false);
        try
        {
            await work.ConfigureAwait(false);
        }
        catch (GuestLostException)
        {
            throw await DiedAsync().ConfigureAwait(false);
        }
    }

    async Task<Exception> DiedAsync()
    {
        await Task.WhenAny(Exit, Task.Delay(TimeSpan.FromSeconds(5))).ConfigureAwait(false);
        PullPlug();
        var exit = await Exit.ConfigureAwait(false);
        return exit.Reason is MachineExitReason.Died or MachineExitReason.Killed
            ? new LabFailedException($"User Mode Linux did not bring the machine up: {exit.Detail}\n{Console.LastLines(20)}".TrimEnd())
            : exit.Reason == MachineExitReason.Panicked ? new BootFailedException(Stage, $"the guest panicked while it came up\n{Console.LinesFrom(Panic, 20)}")
            : new BootFailedException(Stage, $"the guest ended while it came up\n{Console.LastLines(20)}");
    }

    [GeneratedRegex(@"^(\[ *\d+\.\d+\])?( [0-9a-f]{8,16})+$")]
    private static partial Regex StackWords();

    BootStage Stage => _guest is not null ? BootStage.Agent : Console.Tail.Contains("understudy-agent", StringComparison.Ordinal) ? BootStage.Init
        : Console.Tail.Contains("Linux version", StringComparison.Ordinal) ? BootStage.Kernel : BootStage.Firmware;

    void PullPlug()
    {
        if (_process is null || _process.Ended.IsCompleted) return;
        _killed = true;
        _process.Kill();
    }

    async Task<MachineExit> KilledAsync()
    {
        PullPlug();
        var exit = await Exit.ConfigureAwait(false);
        return exit.Reason == MachineExitReason.Killed ? exit with { Detail = Console.LastLines(10) } : exit;
    }

    // A panic ends the process by abort(); a kernel that powers off leaves with 0, asked or not.
    async Task ReportExitAsync(UmlProcess process)
    {
        const int abort = -6, aborted = 134;
        var status = await process.Ended.ConfigureAwait(false);
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var panicked = status is abort or aborted || Console.Tail.Contains(Panic, StringComparison.Ordinal);
        var reason = _killed ? MachineExitReason.Killed
            : panicked ? MachineExitReason.Panicked
            : status == 0 || _asked ? MachineExitReason.PoweredOff
            : MachineExitReason.Died;
        var end = string.Create(CultureInfo.InvariantCulture, $"the kernel's process {(status < 0 ? $"was killed by signal {-status}" : $"ended with status {status}")}");
        _exit.TrySetResult(new MachineExit(reason, reason == MachineExitReason.Died ? end : ""));
    }
}
