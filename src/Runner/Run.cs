using System.Text;
using System.Text.RegularExpressions;
using Understudy.Boards;
using Understudy.Guest;
using Understudy.Pci;
using Understudy.Runner.Suites;
using Understudy.Runner.Symbols;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Runner;

/// <summary>One run, from its first step to its verdict, written down as it happens. Whatever goes wrong in a step ends up as the outcome
/// it deserves: the driver failed, the lab failed, or it was skipped.</summary>
public sealed class Run : IAsyncDisposable
{
    // Once a second of the guest's own time there is a heartbeat; a host under load stretches that second.
    static readonly TimeSpan s_silence = TimeSpan.FromSeconds(30);

    // Written by us into the guest's kernel log: what comes before it was there before the driver.
    const string DriverMark = "understudy: the driver comes now";

    static readonly TimeSpan s_ending = TimeSpan.FromSeconds(3), s_patience = TimeSpan.FromSeconds(20), s_symbols = TimeSpan.FromMinutes(1);

    /// <summary>What a guest's memory is called in the run directory, where it is kept; the extension tells the format.</summary>
    internal const string MemoryDump = "memory";

    readonly IRunObserver _observer;
    readonly List<RunSignal> _signals = [];
    readonly CancellationTokenSource _over = new();
    Task _silent = new TaskCompletionSource().Task;
    readonly Evidence _evidence;
    IMachine? _machine;
    RunVerdict? _verdict;

    Run(RunDirectory directory, IRunObserver observer, Func<Finding, Finding> judge)
    {
        (Directory, _observer) = (directory, observer);
        _evidence = new Evidence(directory, judge);
    }

    /// <summary>Begins a run in a new directory.</summary>
    /// <param name="directory">The directory to make.</param>
    /// <param name="info">What is known so far.</param>
    /// <param name="observer">Told what happens.</param>
    /// <param name="judge">Sees each finding before it is written down, and may weigh it differently; null leaves all as they are.</param>
    /// <exception cref="IOException">The directory cannot be made or holds something already.</exception>
    public static Run Begin(string directory, RunInfo info, IRunObserver observer, Func<Finding, Finding>? judge = null)
        => new(RunDirectory.Create(directory, info), observer, judge ?? (finding => finding));

    /// <summary>Where it is written down.</summary>
    public RunDirectory Directory { get; }

    /// <summary>What kernel, console, devices and lab were found to complain of so far, as it is written down.</summary>
    public IReadOnlyList<Finding> Findings => _evidence.Findings;

    /// <summary>The guest gave no sign of life any more while its machine went on: something in it does not let go of the CPU.</summary>
    internal bool FellSilent { get; private set; }

    /// <summary>The taint flags that the kernel set since the driver came.</summary>
    internal ulong Tainted { get; set; }

    /// <summary>A run that passes gets its page, too; not where thousands pass that nobody will look at.</summary>
    internal bool ReportsPass { get; set; } = true;

    /// <summary>No step has failed or broken so far, so that the next is worth running.</summary>
    public bool IsHealthy => CanGoOn && Directory.Steps.All(step => step.Outcome?.IsGood() == true);

    /// <summary>Runs one step; when an earlier one failed or broke, does nothing.</summary>
    /// <param name="name">What it does, in a few words.</param>
    /// <param name="body">Does it. Any exception decides the outcome; returning is a pass.</param>
    /// <param name="evenAfterFailure">It cleans up: it is run after a failed step too, as long as the machine lives.</param>
    /// <returns>Whether it passed.</returns>
    public async Task<bool> StepAsync(string name, Func<StepNotes, Task> body, bool evenAfterFailure = false)
    {
        if (evenAfterFailure ? !CanGoOn : !IsHealthy) return false;
        try
        {
            var step = Directory.BeginStep(name);
            _observer.Began(step.Record);
            var notes = new StepNotes(_observer);
            var (outcome, reason, lines) = await OutcomeOfAsync(notes, body).ConfigureAwait(false);
            _observer.Ended(step.End(outcome, reason ?? notes.Detail, [.. notes.Lines, .. lines], notes.Results));
            return outcome == Outcome.Pass;
        }
        catch (RunDirectoryFullException full)
        {
            Broke(SignalKind.DiskFull, full.Message);
            return false;
        }
    }

    /// <summary>Records that the lab failed outside of a step: the run is broken, unless the kernel gave a cause of its own.</summary>
    public void Broke(SignalKind kind, string text) => _signals.Add(new RunSignal(kind, Directory.Now, text));

    /// <summary>Records a machine's console from now on. Call before it is switched on.</summary>
    public void Watch(IMachine machine)
    {
        _machine = machine;
        _evidence.Watch(machine.Console);
    }

    /// <summary>Records a booted guest's kernel log, and ends the step under way when the guest falls silent.</summary>
    /// <param name="guest">The guest.</param>
    /// <param name="silence">How long without a sign of life counts as that; 30 s unless told.</param>
    public void Watch(GuestAgent guest, TimeSpan? silence = null)
    {
        _evidence.Watch(guest.KernelLog);
        _silent = guest.HeartbeatLostAsync(silence ?? s_silence, _over.Token);
    }

    /// <summary>The driver under test is not there yet: what the kernel complains of from now on is baseline, shown and not counted, until
    /// <see cref="DriverComesAsync"/>. Unless this is called, all of a run is the driver's.</summary>
    public void AwaitDriver() => _evidence.AwaitDriver();

    /// <summary>What the kernel complains of from now on is the driver's. Call just before it is loaded.</summary>
    /// <param name="guest">The guest; what its kernel has said before is waited for.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task DriverComesAsync(GuestAgent guest, CancellationToken cancel = default)
    {
        var mark = guest.KernelLog.Mark();
        await guest.PushAsync("/dev/kmsg", Encoding.UTF8.GetBytes($"<6>{DriverMark}\n"), cancellation: cancel).ConfigureAwait(false);
        await guest.KernelLog.SeesAsync(DriverMark, s_patience, mark, cancel).ConfigureAwait(false);
        _evidence.DriverComes();
    }

    /// <summary>Records what was found by looking for it.</summary>
    internal void Found(Finding finding) => _evidence.Add(finding);

    /// <summary>Records what the kernel reports in a file of its own.</summary>
    internal void FoundIn(string reports) => _evidence.AddReports(reports);

    /// <summary>Records a device's transactions and findings.</summary>
    /// <param name="name">Its name in this run.</param>
    /// <param name="slot">Where it is.</param>
    /// <param name="trace">The recorder on that slot.</param>
    public void Watch(string name, PciSlot slot, TraceRecorder trace) => _evidence.Watch(name, slot, trace);

    /// <summary>Records what drivers met of their devices. Call once, when the machine has ended.</summary>
    public void Covered(Coverage coverage)
    {
        try
        {
            Directory.Write(coverage);
        }
        catch (RunDirectoryFullException full)
        {
            Broke(SignalKind.DiskFull, full.Message);
        }
    }

    /// <summary>Adds something worth showing to the findings; it changes nothing. Once a text.</summary>
    /// <param name="rule">What kind of thing, a short fixed name.</param>
    /// <param name="text">What it is, in a line.</param>
    public void Remark(string rule, string text) => _evidence.Remark(rule, text);

    /// <summary>Finds the places in the sources for the frames of findings; null leaves them without.</summary>
    internal Symboliser? Symbols { get; set; }

    /// <summary>Judges the run and writes verdict and report. Call when the machine has ended.</summary>
    /// <param name="expected">Turns the judgement by what was expected of the run; null leaves it.</param>
    /// <param name="foretold">Titles of findings it is to come to, as regular expressions; null for none.</param>
    public async Task<RunVerdict> ConcludeAsync(Func<RunVerdict, RunVerdict>? expected = null, IReadOnlyList<Regex>? foretold = null)
    {
        if (_verdict is not null) return _verdict;
        await _over.CancelAsync().ConfigureAwait(false);
        var findings = await _evidence.CompleteAsync(_machine?.Pci).ConfigureAwait(false);
        if (KernelTaint.Of(Tainted, findings, Directory.Now) is { } tainted)
        {
            Found(tainted);
            findings = Findings;
        }
        if (Symbols is { } symbols) findings = await SymboliseAsync(findings, symbols).ConfigureAwait(false);
        if (_evidence.Full is { } full) Broke(SignalKind.DiskFull, full.Message);
        var judged = VerdictEngine.Decide(Directory.Steps, findings, _signals, foretold ?? []);
        _verdict = WithDump(expected?.Invoke(judged) ?? judged);
        try
        {
            Directory.Conclude(_verdict);
            if (ReportsPass || _verdict.Outcome != Outcome.Pass) HtmlReport.Write(RunRecord.Load(Directory.Path));
        }
        catch (IOException unwritten)
        {
            _observer.Says($"not everything could be written: {unwritten.Message}");
        }
        return _verdict;
    }

    RunVerdict WithDump(RunVerdict verdict)
    {
        var dumps = System.IO.Directory.EnumerateFiles(Directory.Path, $"{MemoryDump}.*").Select(Path.GetFileName).ToList();
        return dumps.Count == 0 ? verdict : verdict with { Evidence = [$"the guest's memory is in {string.Join(", ", dumps)}", .. verdict.Evidence] };
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await ConcludeAsync().ConfigureAwait(false);
        }
        finally
        {
            _evidence.Dispose();
            _over.Dispose();
            Directory.Dispose();
        }
    }

    // The lab and the machine have not failed, whatever the steps came to.
    bool CanGoOn => _signals.Count == 0 && _evidence.Full is null;

    async Task<(Outcome Outcome, string? Reason, IReadOnlyList<string> Lines)> OutcomeOfAsync(StepNotes notes, Func<StepNotes, Task> body)
    {
        try
        {
            var work = body(notes);
            if (await Task.WhenAny(work, _silent).ConfigureAwait(false) != work && _machine is { Exit.IsCompleted: false })
            {
                FellSilent = true;
                var tasks = await DeafGuest.SpeakAsync(_machine).ConfigureAwait(false);
                await _machine.DumpMemoryAsync().ConfigureAwait(false);
                return await SignalledAsync(SignalKind.AgentLost, $"the guest gave no sign of life any more in the middle of the step\n{(tasks.Length > 0 ? tasks : LastWords())}").ConfigureAwait(false);
            }
            await work.ConfigureAwait(false);
            return (Outcome.Pass, null, []);
        }
        catch (StepFailedException failed)
        {
            return (Outcome.Fail, failed.Message, failed.Lines);
        }
        catch (TestErrorException broken)
        {
            return (Outcome.Error, broken.Message, broken.Lines);
        }
        catch (StepSkippedException skipped)
        {
            return (Outcome.Skip, skipped.Message, []);
        }
        catch (GuestException refused)
        {
            return (Outcome.Fail, refused.Message, []);
        }
        catch (BootFailedException failure)
        {
            return await SignalledAsync(StageSignal(failure.Stage), failure.Message).ConfigureAwait(false);
        }
        catch (GuestLostException lost)
        {
            return await GuestLostAsync(lost).ConfigureAwait(false);
        }
        catch (IOException full) when (RunDirectoryFullException.Describes(full))
        {
            return await SignalledAsync(SignalKind.DiskFull, full is RunDirectoryFullException ? full.Message : $"{full.Message}: free some space, or put the run directory on another file system").ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Broke(SignalKind.LabFault, "interrupted");
            return (Outcome.Broken, "interrupted", []);
        }
        catch (Exception fault) when (fault is LabFailedException or ToolchainException or IOException)
        {
            return await SignalledAsync(SignalKind.LabFault, fault.Message).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            return await SignalledAsync(SignalKind.LabFault, $"the step itself went wrong: {fault}").ConfigureAwait(false);
        }
    }

    async Task<IReadOnlyList<Finding>> SymboliseAsync(IReadOnlyList<Finding> findings, Symboliser symbols)
    {
        using var limit = new CancellationTokenSource(s_symbols);
        try
        {
            findings = await _evidence.SymboliseAsync(findings, symbols, limit.Token).ConfigureAwait(false);
            if (symbols.LacksProgram) Remark("symbols", "stacks are without source lines: addr2line is not in PATH; install binutils");
        }
        catch (OperationCanceledException)
        {
            Remark("symbols", "stacks are without source lines: addr2line took too long");
        }
        return findings;
    }

    string LastWords() => _machine!.Console.LastLines(10);

    // A guest that is gone is the machine's story: what ended it decides whose fault that was.
    async Task<(Outcome, string?, IReadOnlyList<string>)> GuestLostAsync(GuestLostException lost)
    {
        if (_machine is null || await EndAsync(_machine).ConfigureAwait(false) is not { } exit) return await SignalledAsync(SignalKind.AgentLost, lost.Message).ConfigureAwait(false);
        var kind = exit.Reason switch
        {
            MachineExitReason.Panicked => SignalKind.GuestPanicked,
            MachineExitReason.WatchdogBit => SignalKind.WatchdogBit,
            MachineExitReason.Reset or MachineExitReason.PoweredOff => SignalKind.GuestReset,
            _ => SignalKind.MachineDied,
        };
        return await SignalledAsync(kind, $"the machine ended in the middle of the step: {exit.Reason}. {exit.Detail}".Trim()).ConfigureAwait(false);
    }

    // It may stay until its memory is written.
    static async Task<MachineExit?> EndAsync(IMachine machine)
    {
        for (var look = 0; look < 2; look++)
        {
            if (look > 0) await machine.DumpMemoryAsync().ConfigureAwait(false);
            await ((Task)machine.Exit).WaitAsync(s_ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (machine.Exit.IsCompleted) return await machine.Exit.ConfigureAwait(false);
        }
        return null;
    }

    async Task<(Outcome, string?, IReadOnlyList<string>)> SignalledAsync(SignalKind kind, string text)
    {
        var parts = text.TrimEnd('\n').Split('\n');
        // Where the guest was says nothing about a host that fails.
        var where = _machine is null || kind is SignalKind.DiskFull or SignalKind.LabFault ? "" : await _machine.InspectAsync().ConfigureAwait(false);
        var signal = new RunSignal(kind, Directory.Now, parts[0], [.. parts.Skip(1), .. where.Length > 0 ? where.Split('\n') : []]);
        _signals.Add(signal);
        return (signal.IsLabFault ? Outcome.Broken : Outcome.Fail, signal.Text, signal.Lines);
    }

    static SignalKind StageSignal(BootStage stage) => stage switch
    {
        BootStage.Firmware => SignalKind.FirmwareHung,
        BootStage.Silent => SignalKind.KernelSilent,
        BootStage.Kernel => SignalKind.NoInit,
        _ => SignalKind.NoAgent,
    };
}
