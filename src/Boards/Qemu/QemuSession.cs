using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Understudy.Guest;
using Understudy.Toolchain;

namespace Understudy.Boards;

/// <summary>One QEMU process, from its start to its end, and what ties us to it: the console, the monitor, the agent's channels.</summary>
sealed partial class QemuSession(QemuInstallation qemu, SocketDirectory sockets, SerialConsole console, string? memoryDump = null) : IAsyncDisposable
{
    const string Panic = "Kernel panic - not syncing";

    // The monitor answers within milliseconds, unless QEMU itself is stuck.
    static readonly TimeSpan s_inspection = TimeSpan.FromSeconds(3);
    static readonly TimeSpan s_ending = TimeSpan.FromSeconds(2);

    // How long a kernel may take to tell what all its tasks do.
    static readonly TimeSpan s_answer = TimeSpan.FromSeconds(10), s_look = TimeSpan.FromMilliseconds(20);

    readonly TaskCompletionSource<MachineExit> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly TaskCompletionSource<string> _migrated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly CancellationTokenSource _over = new();
    readonly long _printedBefore = console.Count;
    QemuProcess? _process;
    QmpClient? _monitor;
    GuestAgent? _guest;
    Task _reading = Task.CompletedTask;
    string? _said, _dumpProblem;
    readonly Lock _dumping = new();
    Task? _dump;
    bool _panicked, _bit, _killed, _disposed;

    /// <summary>How it ended; completes once.</summary>
    public Task<MachineExit> Exit => _exit.Task;

    /// <summary>The guest's agent, once it has answered.</summary>
    public GuestAgent? Guest => _guest;

    /// <summary>Starts QEMU and waits until the agent answers.</summary>
    /// <exception cref="BootFailedException">The guest ended before.</exception>
    /// <exception cref="LabFailedException">QEMU did.</exception>
    public async Task StartAsync(IEnumerable<string> arguments, Func<DeviceCommand, Task<DeviceReply>>? onDeviceCommand, CancellationToken cancel)
    {
        using var monitor = Listen("qmp");
        using var control = Listen("ctl");
        using var log = Listen("log");
        _process = await QemuProcess.StartAsync(qemu.StartInfo(arguments)).ConfigureAwait(false);
        _reading = console.ReadAsync(_process.Console);
        _ = ReportExitAsync(_process);
        _monitor = await GreetAsync(await AcceptAsync(monitor, cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);
        var channels = (Control: await AcceptAsync(control, cancel).ConfigureAwait(false), Log: await AcceptAsync(log, cancel).ConfigureAwait(false));
        var meeting = GuestAgent.ConnectAsync(channels.Control, channels.Log, new GuestAgentOptions { OnDeviceCommand = onDeviceCommand }, cancel);
        await WhileRunningAsync(meeting, cancel).ConfigureAwait(false);
        _guest = await meeting.ConfigureAwait(false);
    }

    // A QEMU that will not have its arguments ends about when it is greeted: what it said is the story, not that its monitor broke.
    async Task<QmpClient> GreetAsync(Stream monitor, CancellationToken cancel)
    {
        try
        {
            return await QmpClient.ConnectAsync(monitor, OnEvent, cancel).ConfigureAwait(false);
        }
        catch (LabFailedException)
        {
            await Task.WhenAny(Exit, Task.Delay(s_ending, cancel)).ConfigureAwait(false);
            if (!Exit.IsCompleted) throw;
            throw await DiedAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Waits for what only a living guest does; a machine that ends meanwhile is the better story.</summary>
    /// <exception cref="BootFailedException">The guest ended before.</exception>
    /// <exception cref="LabFailedException">QEMU did.</exception>
    public async Task WhileRunningAsync(Task work, CancellationToken cancel)
    {
        if (await Task.WhenAny(work, Exit).ConfigureAwait(false) == Exit && !work.IsCompletedSuccessfully) throw await DiedAsync().ConfigureAwait(false);
        try
        {
            await work.ConfigureAwait(false);
        }
        catch (GuestLostException lost)
        {
            throw await LostAsync(lost, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Adds a device to the running machine.</summary>
    /// <exception cref="LabFailedException">QEMU refuses.</exception>
    public Task AddDeviceAsync(JsonObject device, CancellationToken cancel) => Monitor.ExecuteAsync("device_add", device, cancel);

    /// <summary>Saves the running guest to a file. It goes no further.</summary>
    /// <exception cref="LabFailedException">QEMU could not.</exception>
    public async Task SaveAsync(string path, CancellationToken cancel)
    {
        JsonArray capabilities = [Capability("mapped-ram"), Capability("events")];
        await Monitor.ExecuteAsync("migrate-set-capabilities", new JsonObject { ["capabilities"] = capabilities }, cancel).ConfigureAwait(false);
        await Monitor.ExecuteAsync("migrate", new JsonObject { ["uri"] = $"file:{path}" }, cancel).ConfigureAwait(false);
        await WhileRunningAsync(_migrated.Task.WaitAsync(cancel), cancel).ConfigureAwait(false);
        if (await _migrated.Task.ConfigureAwait(false) != "completed") throw new LabFailedException($"QEMU could not save the guest to {path}. {_process!.Errors}".TrimEnd());

        static JsonObject Capability(string name) => new() { ["capability"] = name, ["state"] = true };
    }

    /// <summary>Where every CPU is; empty when QEMU is gone.</summary>
    public async Task<string> InspectAsync(CancellationToken cancel)
    {
        if (_monitor is null || Exit.IsCompleted) return "";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(s_inspection);
        try
        {
            var arguments = new JsonObject { ["command-line"] = "info registers -a" };
            return (await _monitor.ExecuteAsync("human-monitor-command", arguments, limit.Token).ConfigureAwait(false)).GetString()?.ReplaceLineEndings("\n").Trim() ?? "";
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

    /// <summary>Sends an NMI, on which the guest panics (unknown_nmi_panic); does nothing where QEMU is gone or stuck.</summary>
    public async Task InterruptAsync(CancellationToken cancel)
    {
        if (_monitor is null || Exit.IsCompleted) return;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(s_inspection);
        await ((Task)_monitor.ExecuteAsync("inject-nmi", null, limit.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancel.ThrowIfCancellationRequested();
    }

    /// <summary>Presses SysRq keys at the serial console (Documentation/admin-guide/sysrq.rst: a break, then the key) and gives what the kernel
    /// says to that; empty where it says nothing.</summary>
    /// <param name="keys">The keys: <c>w</c> blocked tasks, <c>l</c> all CPUs, <c>t</c> all tasks.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<string> AskAsync(string keys, CancellationToken cancel)
    {
        if (_monitor is null || _process is null || Exit.IsCompleted) return "";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(s_answer);
        var before = console.Count;
        try
        {
            // At the highest log level; and the help at the end says that all has been told.
            foreach (var key in $"9{keys}h") await PressAsync(key, limit.Token).ConfigureAwait(false);
        }
        catch (Exception deaf) when (deaf is OperationCanceledException or LabFailedException or IOException)
        {
            cancel.ThrowIfCancellationRequested();
        }
        return string.Join('\n', console.TailFrom(before).Split('\n').Select(line => line.TrimEnd('\r')).Where(line => line.Length > 0));
    }

    // A UART tells no two breaks apart that come together: the next key waits for what the kernel says to this one.
    async Task PressAsync(char key, CancellationToken cancel)
    {
        var before = console.Count;
        await Monitor.ExecuteAsync("chardev-send-break", new JsonObject { ["id"] = "console" }, cancel).ConfigureAwait(false);
        await _process!.Keyboard.WriteAsync(new[] { (byte)key }, cancel).ConfigureAwait(false);
        await _process.Keyboard.FlushAsync(cancel).ConfigureAwait(false);
        using var look = new PeriodicTimer(s_look);
        while (!console.TailFrom(before).Contains(Answer(key), StringComparison.Ordinal)) await look.WaitForNextTickAsync(cancel).ConfigureAwait(false);
    }

    // The head of what it says (drivers/tty/sysrq.c).
    static string Answer(char key) => key switch
    {
        '9' => "Loglevel set to 9",
        'w' => "Show Blocked State",
        'l' => "Show backtrace of all active CPUs",
        't' => "Show State",
        'h' => "sysrq: HELP",
        _ => throw new ArgumentOutOfRangeException(nameof(key), key, "no key whose answer we know"),
    };

    /// <summary>Ends a guest that did not do in time what was awaited, and tells how far it was.</summary>
    public async Task<BootFailedException> HungAsync(string awaited, TimeSpan limit)
    {
        var where = await InspectAsync(CancellationToken.None).ConfigureAwait(false);
        var tasks = await AskAsync("wt", CancellationToken.None).ConfigureAwait(false);
        await DumpAsync().ConfigureAwait(false);
        PullPlug();
        var seconds = limit.TotalSeconds.ToString("F0", CultureInfo.InvariantCulture);
        var stage = InitIsAProgram(tasks) ? BootStage.Init : Stage(where);
        return new BootFailedException(stage, $"{Words(stage)}: no {awaited} after {seconds} s\n{(tasks.Length > 0 ? tasks : console.LastLines(20))}\n{where.Split('\n').FirstOrDefault(line => line.Contains("RIP", StringComparison.Ordinal))}".TrimEnd());
    }

    public void PullPlug()
    {
        if (_process is null || _process.Ended.IsCompleted) return;
        _killed = true;
        _process.Kill();
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true)) return;
        PullPlug();
        if (_process is not null) await Exit.ConfigureAwait(false);
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _over.CancelAsync().ConfigureAwait(false);
        if (_guest is not null) await _guest.DisposeAsync().ConfigureAwait(false);
        if (_monitor is not null) await _monitor.DisposeAsync().ConfigureAwait(false);
        _process?.Dispose();
        _over.Dispose();
    }

    QmpClient Monitor => _monitor ?? throw new InvalidOperationException("QEMU has not been started.");

    Socket Listen(string name)
    {
        File.Delete(sockets[name]);   // of a session before this one
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(sockets[name]));
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
            case "WATCHDOG":
                _bit = true;
                _ = BiteAsync();
                break;
            // The second one is ours, by which a guest that was kept for its memory ends.
            case "SHUTDOWN" when _said is null:
                _said = Word(data, "reason");
                if (memoryDump is not null) _ = LeaveAsync();
                break;
            case "MIGRATION" when Word(data, "status") is "completed" or "failed" or "cancelled":
                _migrated.TrySetResult(Word(data, "status")!);
                break;
        }
    }

    /// <summary>Writes the guest's memory where it was to be written, once; all who ask wait for the same writing.</summary>
    public Task DumpAsync()
    {
        lock (_dumping) return _dump ??= memoryDump is null || _monitor is null || Exit.IsCompleted ? Task.CompletedTask : DumpAsync(memoryDump);
    }

    async Task DumpAsync(string path)
    {
        // As crash and drgn read it; kdump-zlib without "raw" is a stream of it, to be put together first.
        const string compressed = "kdump-raw-zlib";
        try
        {
            var able = await Monitor.ExecuteAsync("query-dump-guest-memory-capability").ConfigureAwait(false);
            var format = able.GetProperty("formats").EnumerateArray().Any(one => one.GetString() == compressed) ? compressed : "elf";
            var arguments = new JsonObject { ["paging"] = false, ["protocol"] = $"file:{path}{(format == compressed ? ".kdump" : ".elf")}", ["format"] = format };
            await Monitor.ExecuteAsync("dump-guest-memory", arguments).ConfigureAwait(false);
        }
        catch (LabFailedException refused)
        {
            _dumpProblem = $"The guest's memory could not be written: {refused.Message}";
        }
    }

    // A guest that powered itself off was well.
    async Task LeaveAsync()
    {
        if (_said != "guest-shutdown") await DumpAsync().ConfigureAwait(false);
        await ((Task)Monitor.ExecuteAsync("quit")).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    // QEMU gave it an NMI, on which a kernel that is there panics and says where it was.
    async Task BiteAsync()
    {
        await ((Task)Exit).WaitAsync(s_inspection).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await LeaveAsync().ConfigureAwait(false);
    }

    static string? Word(JsonElement data, string key)
        => data.ValueKind == JsonValueKind.Object && data.TryGetProperty(key, out var word) ? word.GetString() : null;

    async Task ReportExitAsync(QemuProcess process)
    {
        var status = await process.Ended.ConfigureAwait(false);
        // QEMU's last words and its last event may still be on their way when the process has already ended.
        await Task.WhenAll(_reading, _monitor?.Ended ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var panicked = _panicked || Printed.Contains(Panic, StringComparison.Ordinal);
        var reason = _killed ? MachineExitReason.Killed
            : _bit ? MachineExitReason.WatchdogBit
            : panicked ? MachineExitReason.Panicked
            : _said == "guest-reset" ? MachineExitReason.Reset
            : _said == "guest-shutdown" ? MachineExitReason.PoweredOff
            : MachineExitReason.Died;
        var end = string.Create(CultureInfo.InvariantCulture, $"QEMU {(status < 0 ? $"was killed by signal {-status}" : $"ended with status {status}")}");
        var detail = reason == MachineExitReason.Died ? $"{end}\n{process.Errors}".TrimEnd() : _dumpProblem ?? "";
        _exit.TrySetResult(new MachineExit(reason, detail));
    }

    async Task<Exception> DiedAsync()
    {
        var exit = await Exit.ConfigureAwait(false);
        return exit.Reason is MachineExitReason.Died or MachineExitReason.Killed
            ? new LabFailedException($"QEMU did not bring the machine up: {exit.Detail}")
            : exit.Reason == MachineExitReason.Panicked ? new BootFailedException(Stage(""), $"the guest panicked while it came up\n{console.LinesFrom(Panic, 20)}")
            : new BootFailedException(Stage(""), $"the guest reset itself while it came up\n{console.LastLines(20)}");
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
            return new BootFailedException(Stage(""), $"the agent's channel broke before it answered: {lost.Message}\n{console.LastLines(20)}");
        }
    }

    // A healthy kernel boots with few words on the console, so where its CPUs are counts as much as what it said.
    BootStage Stage(string registers)
    {
        if (_guest is not null) return BootStage.Agent;
        var text = Printed;
        return text.Contains("understudy-agent", StringComparison.Ordinal) || RanUserCode().IsMatch(registers) ? BootStage.Init
            : text.Contains("Linux version", StringComparison.Ordinal) || text.Contains("] ", StringComparison.Ordinal) ? BootStage.Kernel
            : RanKernelCode().IsMatch(registers) ? BootStage.Silent
            : BootStage.Firmware;
    }

    static string Words(BootStage stage) => stage switch
    {
        BootStage.Firmware => "the boot hangs before the kernel",
        BootStage.Silent => "the boot hangs in a kernel that says nothing",
        BootStage.Kernel => "the boot hangs before init",
        BootStage.Init => "the boot hangs in init",
        _ => "the guest hangs",
    };

    // Until it becomes the program, the first task is one of the kernel's own.
    static bool InitIsAProgram(string tasks) => FirstTask().Match(tasks) is { Success: true } first && !first.Groups["name"].Value.StartsWith("swapper", StringComparison.Ordinal);

    string Printed => console.TailFrom(_printedBefore);

    [GeneratedRegex(@"task:(?<name>\S+) +state:.* pid:1 ", RegexOptions.ExplicitCapture)]
    private static partial Regex FirstTask();

    [GeneratedRegex("RIP=[0-9a-f]{16} .*CPL=3")]
    private static partial Regex RanUserCode();

    [GeneratedRegex("RIP=ffff[89a-f][0-9a-f]{11} ")]
    private static partial Regex RanKernelCode();
}
