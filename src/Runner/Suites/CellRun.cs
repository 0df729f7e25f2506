using Understudy.Boards;
using Understudy.Guest;
using Understudy.Pci;
using Understudy.Verdict;

namespace Understudy.Runner.Suites;

/// <summary>One test in a guest of its own, from its plan to its verdict.</summary>
sealed class CellRun
{
    // Written by us into the guest's kernel log: what comes before it has arrived.
    const string EndOfTest = "understudy: end of test";

    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    readonly TestCell _cell;
    readonly Lab _lab;
    readonly GuestStart _start;
    readonly Run _run;
    readonly DeviceConsole _console = new();
    readonly Dictionary<string, FaultInjector> _faults = [];
    readonly CellModules _modules;
    IMachine? _machine;

    CellRun(TestCell cell, Lab lab, GuestStart start, Run run)
    {
        (_cell, _lab, _start, _run) = (cell, lab, start, run);
        _modules = new CellModules(cell.Test.Settings.Modules, lab);
    }

    TestSettings Settings => _cell.Test.Settings;

    /// <summary>Runs it.</summary>
    /// <returns>The verdict; everything else is in the run directory.</returns>
    /// <exception cref="IOException">The run directory cannot be made.</exception>
    public static async Task<RunVerdict> PlayAsync(TestCell cell, Lab lab, string directory, GuestStart start, IRunObserver observer, CancellationToken cancel)
    {
        await using var run = Run.Begin(directory, Info(cell, lab), observer, cell.Test.Settings.Judge);
        var play = new CellRun(cell, lab, start, run);
        try
        {
            await play.PlayAsync(cancel).ConfigureAwait(false);
        }
        finally
        {
            if (play._machine is not null) await play._machine.DisposeAsync().ConfigureAwait(false);
        }
        return await run.ConcludeAsync(verdict => ExpectedVerdict.Of(verdict, cell.Test.Settings, run.Directory.Steps)).ConfigureAwait(false);
    }

    static RunInfo Info(TestCell cell, Lab lab) => new()
    {
        Id = cell.Name, Title = cell.Test.Settings.Description is { Length: > 0 } text ? $"{cell.Test.FullName}: {text}" : cell.Test.FullName,
        Command = cell.Reproduce, Test = cell.Test.FullName, Cell = cell.Kernel, Repeat = cell.Repeat, Seed = (ulong)cell.Seed, Host = HostFactsReader.Read(),
        Kernel = new KernelFacts(lab.Kernel.Name, lab.Kernel.Release, lab.Kernel.PackageVersion, lab.Kernel.Sha256),
        Qemu = new QemuFacts(lab.Board.Qemu.Version, lab.Board.Qemu.Origin), Board = "qemu-q35",
        Accelerator = new AcceleratorFacts(lab.Board.Accelerator.Name, lab.Board.Accelerator.Reason),
        Devices = [.. cell.Test.Settings.Devices.Select(device => new DeviceFacts(device.Name, device.Entry.Name))],
    };

    async Task PlayAsync(CancellationToken cancel)
    {
        if (!await _run.StepAsync("plan", notes => PlanAsync(notes, cancel)).ConfigureAwait(false)) return;
        if (_modules.HasSources && !await _run.StepAsync("build", notes => _modules.BuildAsync(notes, cancel)).ConfigureAwait(false)) return;
        if (!await _run.StepAsync("boot", notes => BootAsync(notes, cancel)).ConfigureAwait(false)) return;
        if (Settings.Modules.Count > 0) await _run.StepAsync("modules", notes => _modules.LoadAsync(_machine!.Guest, notes, cancel)).ConfigureAwait(false);
        var goesOn = Settings.SkipIf.Count == 0 || await _run.StepAsync("skip-if", _ => SkipAsync(cancel)).ConfigureAwait(false);
        if (goesOn && _run.IsHealthy) await SequenceAsync(cancel).ConfigureAwait(false);
        if (!goesOn || _scripts is { IsLost: true }) return;
        await _run.StepAsync("kernel-log", notes => ReadLogAsync(notes, cancel), evenAfterFailure: true).ConfigureAwait(false);
    }

    GuestScripts? _scripts;

    Task SequenceAsync(CancellationToken cancel)
    {
        _scripts = new GuestScripts(_machine!, _run.Directory, _cell.Seed, Arm);
        return new TestSequence(_cell.Test, _scripts, _run).PlayAsync(cancel);
    }

    async Task PlanAsync(StepNotes notes, CancellationToken cancel)
    {
        if (Settings.CannotRun is { } reason) throw new StepSkippedException(reason);
        if (Settings.Kernel is { } wanted && !wanted.Allows(_lab.Kernel)) throw new StepSkippedException($"for kernels {wanted}, and this is {_lab.Kernel.Name} ({_lab.Kernel.Release})");
        if (Settings.Boards.Count > 0 && !Settings.Boards.Contains(_lab.Board.Name)) throw new StepSkippedException($"for boards {string.Join(", ", Settings.Boards)}, and this is {_lab.Board.Name}");
        await _modules.CheckAsync(cancel).ConfigureAwait(false);
        notes.Detail = $"{_cell.Name}, seed {_cell.Seed}";
    }

    // What a test says to the kernel or to QEMU at boot, a saved guest has not heard.
    GuestStart Start => Settings.KernelArguments.Count == 0 && Settings.QemuArguments.Count == 0 ? _start : GuestStart.Cold;

    async Task BootAsync(StepNotes notes, CancellationToken cancel)
    {
        _machine = _lab.Board.Assemble(new BootSpec(_lab.Kernel)
        {
            Modules = _modules.OfKernel, Cpus = Settings.Cpus, MemoryMebibytes = Settings.MemoryMebibytes,
            KernelArguments = Settings.KernelArguments, QemuArguments = Settings.QemuArguments, Seed = _cell.Seed, Start = Start,
            OnDeviceCommand = command => Task.FromResult(_console.Answer(command)),
        });
        _run.Watch(_machine);
        foreach (var device in Settings.Devices) Plug(device);
        await _machine.PowerOnAsync(cancel).ConfigureAwait(false);
        _run.Watch(_machine.Guest);
        await TestFiles.PushAsync(_cell.Test, _machine.Guest, cancel).ConfigureAwait(false);
        notes.Detail = $"Linux {_machine.Guest.Identity.KernelRelease} {(Start == GuestStart.Cold ? "booted" : "restored")}";
    }

    void Plug(PlannedDevice device)
    {
        var (trace, faults) = (new TraceRecorder(), new FaultInjector());
        var slot = _machine!.Pci.Plug(device.Entry.Create(), device.Name, trace, faults);
        faults.Injected = (rule, count) => _run.FaultInjected(device.Name, slot, $"{rule}  (number {count})");
        _console.Add(device.Name, device.Entry, slot, trace, faults);
        _run.Watch(device.Name, slot, trace);
        _faults.Add(device.Name, faults);
    }

    async Task SkipAsync(CancellationToken cancel)
    {
        foreach (var condition in Settings.SkipIf)
        {
            var result = await ShellAsync(condition, cancel).ConfigureAwait(false) ?? throw new TestErrorException($"skip-if: '{condition}' does not come to an end");
            var said = result.Stdout.Trim().Split('\n')[^1];
            if (result.Succeeded) throw new StepSkippedException(said.Length > 0 ? said : $"skip-if: {condition}");
        }
    }

    void Arm()
    {
        foreach (var (device, rule) in _cell.Test.Faults) _faults[device].Add(rule);
    }

    async Task ReadLogAsync(StepNotes notes, CancellationToken cancel)
    {
        var log = _machine!.Guest.KernelLog;
        var mark = log.Mark();
        var written = await ShellAsync($"echo '<6>{EndOfTest}' > /dev/kmsg", cancel).ConfigureAwait(false);
        if (written is null || await log.SeesAsync(EndOfTest, s_patience, mark, cancel).ConfigureAwait(false) is null)
            throw new StepFailedException("the guest's kernel log came to a stop");
        var records = log.Since();
        var missing = Settings.ExpectedLog.Where(pattern => !records.Any(record => pattern.IsMatch(record.Text))).ToList();
        if (missing.Count > 0) throw new StepFailedException($"the kernel log never said {string.Join(", nor ", missing.Select(pattern => $"'{pattern}'"))}");
        notes.Detail = $"{records.Count} records{(Settings.ExpectedLog.Count > 0 ? ", all that were expected among them" : "")}";
    }

    async Task<CommandResult?> ShellAsync(string script, CancellationToken cancel)
    {
        try
        {
            return await _machine!.Guest.ExecuteAsync(["sh", "-c", script], cancellation: cancel).WaitAsync(s_patience, cancel).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }
}
