using System.Globalization;
using System.Text;
using Understudy.Boards;
using Understudy.Build;
using Understudy.Guest;
using Understudy.Pci;
using Understudy.Runner.Symbols;
using Understudy.Verdict;

namespace Understudy.Runner.Suites;

/// <summary>One run of a test in a guest of its own, up to where the test itself begins and from where it ends: plan, build, boot, modules before
/// it; the kernel's last word and the verdict after it. What the test does in between are steps on <see cref="Run"/>.</summary>
public sealed class TestRun : IAsyncDisposable
{
    // Shell words only: a process costs more than all of them.
    const string ReadBindings = "for d in /sys/bus/pci/devices/*; do read v < $d/vendor; read m < $d/device; b=free; [ -e $d/driver ] && b=bound; echo $v $m $b; done";

    // Written by us into the guest's kernel log: what comes before it has arrived.
    const string EndOfTest = "understudy: end of test";

    // What a test may look back on: 40 bytes a line.
    const int TraceLines = 1 << 16;

    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    readonly TestPlan _plan;
    readonly DeviceConsole _console = new();
    readonly List<PluggedDevice> _devices = [];
    readonly List<DeviceRecorder> _recorders = [];
    Lab? _lab;
    CellModules? _modules;
    CellPrograms? _programs;
    LeakCheck? _leaks;
    CellStorage? _storage;
    IMachine? _machine;
    ulong _taint;
    bool _booted;

    TestRun(TestPlan plan, string directory, IRunObserver observer)
    {
        (_plan, Settings) = (plan, plan.Settings);
        Run = Run.Begin(directory, Info(plan), observer, finding => Settings.Judge(finding));
    }

    /// <summary>Begins a run in a new directory.</summary>
    /// <exception cref="IOException">The directory cannot be made or holds something already.</exception>
    public static TestRun Begin(TestPlan plan, string directory, IRunObserver observer) => new(plan, directory, observer);

    /// <summary>Its steps, and where they are written down.</summary>
    public Run Run { get; }

    /// <summary>What the test says of itself: of its plan at first; a test that learns better on its way may say so. What it expects and
    /// allows counts for what is found from then on.</summary>
    public TestSettings Settings { get; set; }

    /// <summary>The machine, once it has been put together.</summary>
    /// <exception cref="InvalidOperationException">It has not.</exception>
    public IMachine Machine => _machine ?? throw new InvalidOperationException("The test has no machine yet.");

    /// <summary>The devices in the machine, in the order of their slots.</summary>
    public IReadOnlyList<PluggedDevice> Devices => _devices;

    /// <summary>What its guest has of the host's files.</summary>
    /// <exception cref="InvalidOperationException">The run has not been planned.</exception>
    internal CellStorage Storage => _storage ?? throw new InvalidOperationException("The run has not been planned.");

    /// <summary>Breaks the devices from now on.</summary>
    /// <param name="rules">Lines as in a <c>faults</c> file.</param>
    /// <exception cref="FormatException">One is no rule, or could never strike; the message says why.</exception>
    public void Fault(IEnumerable<string> rules)
    {
        ArgumentNullException.ThrowIfNull(rules);
        foreach (var (name, rule) in rules.Select(line => FaultsFile.Line(line, Settings.Devices)))
            _devices.First(plugged => plugged.Device.Name == name).Faults.Add(rule);
    }

    /// <summary>Brings the guest up to where the test begins. Each step's failure is the run's; nothing is thrown.</summary>
    /// <param name="open">Opens the lab to run in.</param>
    /// <param name="settle">Brings what belongs to the test into the booted guest; null for nothing.</param>
    /// <param name="cancel">Interrupts it.</param>
    /// <returns>Whether the test is to begin.</returns>
    public async Task<bool> PrepareAsync(Func<CancellationToken, Task<Lab>> open, Func<GuestAgent, CancellationToken, Task>? settle = null, CancellationToken cancel = default)
        => await Run.StepAsync("plan", notes => PlanAsync(notes, open, cancel)).ConfigureAwait(false)
            && (!_modules!.HasSources || await Run.StepAsync("build", notes => _modules.BuildAsync(notes, cancel)).ConfigureAwait(false))
            && (Settings.Programs.Count == 0 || await Run.StepAsync("programs", notes => _programs!.BuildAsync(notes, cancel)).ConfigureAwait(false))
            && await Run.StepAsync("boot", notes => BootAsync(notes, settle, cancel)).ConfigureAwait(false)
            && (Settings.LeakCheck == 0 || await Run.StepAsync("leak-check", notes => CheckLeaksAsync(notes, cancel)).ConfigureAwait(false))
            && (Settings.Modules.Count == 0 || await LoadAsync("modules", cancel: cancel).ConfigureAwait(false))
            && (Settings.SkipIf.Count == 0 || await Run.StepAsync("skip-if", _ => SkipAsync(cancel)).ConfigureAwait(false));

    /// <summary>Loads the test's modules, as a step of that name; for a second time, when <see cref="UnloadAsync"/> took them away.</summary>
    /// <param name="step">Its name.</param>
    /// <param name="evenAfterFailure">Also when a step before it has failed.</param>
    /// <param name="cancel">Interrupts it.</param>
    public Task<bool> LoadAsync(string step, bool evenAfterFailure = false, CancellationToken cancel = default)
        => Run.StepAsync(step, notes => InTimeAsync(_modules!.LoadAsync(Machine.Guest, notes, cancel), cancel), evenAfterFailure);

    /// <summary>Unloads the test's modules, as a step of that name, whatever came of the steps before it.</summary>
    /// <param name="step">Its name.</param>
    /// <param name="cancel">Interrupts it.</param>
    public Task<bool> UnloadAsync(string step, CancellationToken cancel = default)
        => Run.StepAsync(step, notes => InTimeAsync(_modules!.UnloadAsync(Machine.Guest, notes, cancel), cancel), evenAfterFailure: true);

    /// <summary>Hears the kernel out, and looks in its log for what the test expects there. Call when the test has ended, whatever came of
    /// it; where there is no guest to hear, it does nothing.</summary>
    public async Task<bool> ReadLogAsync(CancellationToken cancel = default)
    {
        if (!_booted) return false;
        if (_leaks is not null) await Run.StepAsync("kmemleak", notes => _leaks.ScanAsync(notes, cancel)).ConfigureAwait(false);
        var heard = await Run.StepAsync("kernel-log", notes => ReadLogAsync(notes, cancel), evenAfterFailure: true).ConfigureAwait(false);
        if (await _modules!.CountedAsync(cancel).ConfigureAwait(false) is { Count: > 0 } counted) await Run.StepAsync("coverage", notes => FetchLinesAsync(counted, notes, cancel), evenAfterFailure: true).ConfigureAwait(false);
        return heard;
    }

    async Task FetchLinesAsync(IReadOnlyList<CountedSources> counted, StepNotes notes, CancellationToken cancel)
    {
        var lines = await new DriverLines(_lab!.Toolbox, counted).FetchAsync(Machine.Guest, cancel).ConfigureAwait(false);
        lines.Write(Run.Directory.Path);
        notes.Detail = lines.Summary;
    }

    /// <summary>Fetches what a test put into a shared folder that its guest could not mount. Call when the test has ended.</summary>
    internal Task FetchSharedAsync(CancellationToken cancel = default) => _booted && Storage.IsToFetch
        ? Run.StepAsync("shared-folder", _ => Storage.FetchAsync(Machine.Guest, cancel), evenAfterFailure: true) : Task.CompletedTask;

    /// <summary>What the guest is doing that takes too long, by the kernel's account or, where it is deaf, by the board's.</summary>
    public Task<IReadOnlyList<string>> DoingAsync(CancellationToken cancel = default) => StateOfTasks.ReadAsync(Machine, cancel);

    /// <summary>Where something went wrong and the guest still answers, lets somebody into it before it ends; otherwise does nothing. What
    /// is done to it there is no part of the run.</summary>
    public async Task KeepAsync(Func<GuestAgent, DeviceConsole, Task> visit)
    {
        ArgumentNullException.ThrowIfNull(visit);
        if (!_booted || Machine.Exit.IsCompleted || (Run.IsHealthy && Run.Findings.All(finding => !finding.Counts))) return;
        await Run.StepAsync("kept", notes => { notes.Detail = "somebody was in the guest"; return visit(Machine.Guest, _console); }, evenAfterFailure: true).ConfigureAwait(false);
    }

    /// <summary>Ends the machine, and judges the run by what was expected of it.</summary>
    /// <param name="expected">Turns the judgement; null for what the test says of itself.</param>
    public async Task<RunVerdict> ConcludeAsync(Func<RunVerdict, RunVerdict>? expected = null)
    {
        await EndMachineAsync().ConfigureAwait(false);
        if (_devices.Count > 0) Run.Covered(new Coverage([.. _devices.Select(device => CoverageOf.Device(device.Device.Name, device.Device.Entry.Name, device.Coverage))]));
        foreach (var device in _devices)
            foreach (var complaint in device.Faults.Tallies.Select(tally => tally.Complaint).OfType<string>()) Run.Remark("fault-unused", $"{device.Device.Name}: {complaint}");
        if (_lab is not null) Run.Symbols = new Symboliser([_lab.Kernel.Vmlinuz, _lab.Kernel.Vmlinux], _modules?.Files ?? [], _plan.Symbols);
        return await Run.ConcludeAsync(expected ?? (verdict => ExpectedVerdict.Of(verdict, Settings, Run.Directory.Steps)), Settings.ExpectedFindings).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await EndMachineAsync().ConfigureAwait(false);
        await Run.DisposeAsync().ConfigureAwait(false);
    }

    async Task EndMachineAsync()
    {
        if (_machine is not null) await _machine.DisposeAsync().ConfigureAwait(false);
        _storage?.Dispose();
        foreach (var recorder in _recorders)
        {
            recorder.Dispose();
            if (recorder.Failure is { } full) Run.Broke(SignalKind.DiskFull, $"a recording broke off: {full.Message}");
        }
        _recorders.Clear();
    }

    internal static RunInfo Info(TestPlan plan) => new()
    {
        Id = plan.Name, Title = plan.Settings.Description is { Length: > 0 } text ? $"{plan.Test}: {text}" : plan.Test,
        Command = plan.Command, Test = plan.Test, Cell = plan.Cell, Repeat = plan.Repeat, Seed = (ulong)plan.Seed, Host = HostFactsReader.Read(),
    };

    void Describe(Lab lab) => Run.Directory.Describe(Run.Directory.Info with
    {
        Kernel = new KernelFacts(lab.Kernel.Name, lab.Kernel.Release, lab.Kernel.PackageVersion, lab.Kernel.Sha256),
        Qemu = lab.Qemu, Board = lab.Board.Model, Accelerator = lab.Accelerator, Time = Settings.Time == GuestTime.Virtual ? "virtual" : null,
        Devices = [.. Settings.Devices.Select(device => new DeviceFacts(device.Name, device.Entry.Name))],
    });

    async Task PlanAsync(StepNotes notes, Func<CancellationToken, Task<Lab>> open, CancellationToken cancel)
    {
        if (Settings.CannotRun is { } reason) throw new StepSkippedException(reason);
        _lab = await open(cancel).ConfigureAwait(false);
        Describe(_lab);
        if (Settings.Kernel is { } wanted && !wanted.Allows(_lab.Kernel)) throw new StepSkippedException($"for kernels {wanted}, and this is {_lab.Kernel.Name} ({_lab.Kernel.Release})");
        if (Settings.Boards.Count > 0 && !Settings.Boards.Contains(_lab.Board.Name)) throw new StepSkippedException($"for boards {string.Join(", ", Settings.Boards)}, and this is {_lab.Board.Name}");
        foreach (var need in Settings.Needed)
            if (_lab.Board.Traits.WhyNot(need) is { } lack) throw new StepSkippedException($"needs {BoardTraits.Word(need)}, and the board {_lab.Board.Name} has {lack}");
        _modules = new CellModules(Settings.Modules, _lab);
        await _modules.CheckAsync(cancel).ConfigureAwait(false);
        _programs = new CellPrograms(Settings.Programs, _lab);
        _storage = new CellStorage(Settings, _lab, Run.Directory.Path);
        await _storage.CheckAsync(cancel).ConfigureAwait(false);
        notes.Detail = $"{_plan.Name}, seed {_plan.Seed}";
    }

    // What a test says to the kernel or to QEMU at boot, a saved guest has not heard.
    GuestStart Start => Settings.KernelArguments.Count == 0 && Settings.QemuArguments.Count == 0 && Settings.Iommu == GuestIommu.None && Settings.Disk is null && _lab!.Board.Traits.WhyNot(BoardAbility.Restore) is null
        ? _plan.Start : GuestStart.Cold;

    async Task BootAsync(StepNotes notes, Func<GuestAgent, CancellationToken, Task>? settle, CancellationToken cancel)
    {
        var ahead = Start == GuestStart.Restored ? await _modules!.AheadAsync(cancel).ConfigureAwait(false) : [];
        _machine = _lab!.Board.Assemble(_storage!.Into(new BootSpec(_lab.Kernel)
        {
            Modules = [.. _modules!.OfKernel, .. await _modules.AtHandAsync(Settings.MoreModules, cancel).ConfigureAwait(false)], Preloaded = ahead, Cpus = Settings.Cpus, MemoryMebibytes = Settings.MemoryMebibytes,
            Iommu = Settings.Iommu, KernelArguments = Settings.KernelArguments, QemuArguments = Settings.QemuArguments, Seed = _plan.Seed, Start = Start, Time = Settings.Time,
            MemoryDump = _plan.DumpsMemory ? Path.Combine(Run.Directory.Path, Run.MemoryDump) : null,
            OnDeviceCommand = command => Task.FromResult(_console.Answer(command)),
        }));
        Run.Watch(_machine);
        foreach (var device in Settings.Devices) Plug(device);
        if (!await _modules!.MayBeBuiltInAsync(Settings.Devices.Count > 0, cancel).ConfigureAwait(false)) Run.AwaitDriver();
        await _machine.PowerOnAsync(cancel).ConfigureAwait(false);
        Run.Watch(_machine.Guest, _plan.Silence);
        await _storage.MountAsync(_machine.Guest, notes, cancel).ConfigureAwait(false);
        await _programs!.PushAsync(_machine.Guest, cancel).ConfigureAwait(false);
        if (settle is not null) await settle(_machine.Guest, cancel).ConfigureAwait(false);
        await Run.DriverComesAsync(_machine.Guest, cancel).ConfigureAwait(false);
        _taint = await KernelTaint.ReadAsync(_machine.Guest, cancel).ConfigureAwait(false);
        _booted = true;
        notes.Detail = $"Linux {_machine.Guest.Identity.KernelRelease} {(Start == GuestStart.Cold ? "booted" : "restored")}{(ahead.Count > 0 ? $" with {string.Join(", ", ahead)}" : "")}";
    }

    Task CheckLeaksAsync(StepNotes notes, CancellationToken cancel)
    {
        if (Settings.Modules.Count == 0) throw new TestErrorException("leak-check: the test names no modules to load and unload");
        _leaks = new LeakCheck(Machine.Guest, Run);
        return _leaks.CycleAsync(Settings.LeakCheck, _modules!, notes, cancel);
    }

    // A driver may wait for its card without an end, and the guest around it lives on.
    async Task InTimeAsync(Task work, CancellationToken cancel)
    {
        try
        {
            await work.WaitAsync(Settings.Timeout, cancel).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            var doing = await StateOfTasks.ReadAsync(Machine, cancel).ConfigureAwait(false);
            throw new StepFailedException(string.Create(CultureInfo.InvariantCulture, $"still at it after {Settings.Timeout.TotalSeconds:0.###} s"), doing);
        }
    }

    void Plug(PlannedDevice device)
    {
        var (trace, checks, faults) = (new TraceRecorder(TraceLines), new BusChecker(), new FaultInjector());
        var coverage = new DeviceCoverage();
        var slot = _machine!.Pci.Plug(device.Entry.Create(), device.Name, [trace, checks, coverage, faults, .. Recorder(device)]);
        _console.Add(device.Name, device.Entry, slot, trace, faults);
        Run.Watch(device.Name, slot, trace);
        _devices.Add(new PluggedDevice(device, slot, trace, faults) { Checks = checks, Coverage = coverage });
    }

    DeviceRecorder[] Recorder(PlannedDevice device)
    {
        if (!_plan.Record) return [];
        _recorders.Add(new DeviceRecorder(Run.Directory.CreateAttachment(DeviceRecordings.FileOf(device.Name)), device.Entry.Name));
        return [_recorders[^1]];
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

    async Task ReadLogAsync(StepNotes notes, CancellationToken cancel)
    {
        var log = _machine!.Guest.KernelLog;
        var mark = log.Mark();
        if (!await MarkEndAsync(cancel).ConfigureAwait(false) || await log.SeesAsync(EndOfTest, s_patience, mark, cancel).ConfigureAwait(false) is null)
            throw new StepFailedException("the guest's kernel log came to a stop");
        Run.Tainted = await KernelTaint.ReadAsync(_machine.Guest, cancel).ConfigureAwait(false) & ~_taint;
        await ReadBindingsAsync(cancel).ConfigureAwait(false);
        var records = log.Since();
        // A test that was skipped has done nothing that could be expected.
        var expected = Run.Directory.Steps.Any(step => step.Outcome == Outcome.Skip) ? [] : Settings.ExpectedLog;
        var missing = expected.Where(pattern => !records.Any(record => pattern.IsMatch(record.Text))).ToList();
        if (missing.Count > 0) throw new StepFailedException($"the kernel log never said {string.Join(", nor ", missing.Select(pattern => $"'{pattern}'"))}");
        notes.Detail = $"{records.Count} records{(expected.Count > 0 ? ", all that were expected among them" : "")}";
    }

    async Task ReadBindingsAsync(CancellationToken cancel)
    {
        if (_devices.Count == 0) return;
        var read = await ShellAsync(ReadBindings, cancel).ConfigureAwait(false) ?? throw new StepFailedException("the guest's shell, asked which devices have drivers, does not come to an end");
        var bindings = DriverBindings.Parse(read.Stdout);
        foreach (var device in _devices)
            if (bindings.AreFree(device.Slot.Device.Identity)) device.Checks.Unbound();
    }

    // By the agent alone: a test may have taken the guest's shell away.
    async Task<bool> MarkEndAsync(CancellationToken cancel)
    {
        try
        {
            await _machine!.Guest.PushAsync("/dev/kmsg", Encoding.ASCII.GetBytes($"<6>{EndOfTest}\n"), cancellation: cancel).WaitAsync(s_patience, cancel).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
        catch (GuestException refused)
        {
            throw new TestErrorException($"the test left a guest whose kernel log cannot be written to: {refused.Message}");
        }
    }

    // The shell is the guest's own: where it cannot be started, a test has taken it away.
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
        catch (GuestException refused)
        {
            throw new TestErrorException($"the test left a guest without a shell: {refused.Message}");
        }
    }
}
