using Understudy.Boards;
using Understudy.Guest;
using Understudy.Pci;
using Understudy.Runner.Symbols;
using Understudy.Transports;
using Understudy.Verdict;

namespace Understudy.Runner;

/// <summary>Carries everything a run shows into its directory while it happens: console, kernel log, device transactions, findings.</summary>
sealed class Evidence(RunDirectory directory, Func<Finding, Finding> judge) : IDisposable
{
    static readonly TimeSpan s_tracePeriod = TimeSpan.FromMilliseconds(100);

    // A report that has got no line for so long gets no more.
    const double Settled = 0.8;

    // What the console tells has so long to come from the kernel's log as well, which has it whole and in step with the test.
    const double LogPatience = 2;

    readonly Lock _lock = new();
    readonly FindingSet _findings = new();
    readonly List<Task> _pumps = [];
    readonly CancellationTokenSource _over = new();
    readonly List<Finding> _held = [];
    KernelLogScanner? _console, _kernel;
    KernelLog? _log;
    double _driverCame;

    /// <summary>The first thing that found no room on the disk. What comes after it is still judged, and no longer kept.</summary>
    public RunDirectoryFullException? Full { get; private set; }

    /// <summary>All findings so far, in the order they were made.</summary>
    public IReadOnlyList<Finding> Findings
    {
        get { lock (_lock) return [.. _findings.Findings]; }
    }

    public void Watch(SerialConsole console)
    {
        var scanner = _console = new KernelLogScanner(FindingSource.Console, AddFromConsole);
        _pumps.Add(SettleAsync());
        console.Received = (bytes, ticks) =>
        {
            var seconds = directory.SecondsAt(ticks);
            Keep(bytes, (kept, d) => d.AppendConsole(kept.Span, seconds));
            lock (_lock) scanner.Read(bytes.Span, seconds);
        };
    }

    public void Watch(KernelLog log)
    {
        _log = log;
        _pumps.Add(PumpAsync(log));
    }

    public void Watch(string name, PciSlot slot, TraceRecorder trace)
    {
        slot.Found += finding => Add(Found(name, finding));
        foreach (var finding in slot.Findings) Add(Found(name, finding));
        _pumps.Add(PumpAsync(name, slot, trace));
    }

    /// <summary>What the kernel complains of from now on was there before the driver, until <see cref="DriverComes"/>.</summary>
    public void AwaitDriver() => Volatile.Write(ref _driverCame, double.PositiveInfinity);

    /// <summary>From now on it is the driver's.</summary>
    public void DriverComes() => Volatile.Write(ref _driverCame, directory.Now);

    public void Remark(string rule, string text) => Add(new Finding(directory.Now, FindingSource.Device, rule, text, Severity.Info, []));

    /// <summary>Waits until everything is on disk.</summary>
    /// <param name="transport">Findings about the machine's side of the bus; null where no machine was made.</param>
    /// <returns>All findings, in the order they were made.</returns>
    public async Task<IReadOnlyList<Finding>> CompleteAsync(IPciTransport? transport)
    {
        foreach (var finding in transport?.Findings ?? []) Add(OnTheWire(finding));
        await _over.CancelAsync().ConfigureAwait(false);
        foreach (var pump in _pumps) await pump.ConfigureAwait(false);
        lock (_lock)
        {
            _console?.End();
            AddHeld(double.PositiveInfinity);
            // Where the driver never came, what the kernel said of its own is all there is to judge.
            return [.. _findings.Findings.Select(finding => double.IsFinite(_driverCame) ? finding : finding with { Baseline = false })];
        }
    }

    /// <summary>Adds to findings of the kernel where in the sources their frames are. Call when everything is on disk.</summary>
    /// <returns>All of them, with what was added.</returns>
    public async Task<IReadOnlyList<Finding>> SymboliseAsync(IReadOnlyList<Finding> findings, Symboliser symbols, CancellationToken cancel)
    {
        var all = new List<Finding>();
        foreach (var finding in findings)
        {
            var stack = finding.Source is FindingSource.Kernel or FindingSource.Console ? await symbols.StackAsync(finding, cancel).ConfigureAwait(false) : [];
            all.Add(stack.Count > 0 ? finding with { Stack = stack } : finding);
            if (stack.Count > 0) Keep(all[^1], static (kept, d) => d.Append(kept));
        }
        return all;
    }

    public void Dispose() => _over.Dispose();

    // Reports without an end of their own are over when nothing more comes.
    async Task SettleAsync()
    {
        using var timer = new PeriodicTimer(s_tracePeriod);
        try
        {
            while (await timer.WaitForNextTickAsync(_over.Token).ConfigureAwait(false))
            {
                lock (_lock)
                {
                    _kernel?.Settle(directory.Now, Settled);
                    _console?.Settle(directory.Now, Settled);
                    AddHeld(directory.Now - LogPatience);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over, and what is left is added at its end.
            return;
        }
    }

    // The console leaves out what is below its log level.
    void AddFromConsole(Finding seen)
    {
        seen = seen with { Time = Math.Min(seen.Time, LoggedAt(seen.Lines[0])) };
        if (seen.Cut || (_kernel is not null && seen.Severity < Severity.Fatal)) _held.Add(seen with { Known = directory.Now });
        else Add(seen);
    }

    // On a busy host the console comes when a command's end is already known, which the kernel's log never does.
    double LoggedAt(string line) =>
        _log?.Since().LastOrDefault(record => record.IsShownBy(line)) is { } told ? directory.SecondsAt(told.HostTimestamp) : double.PositiveInfinity;

    void AddHeld(double until)
    {
        foreach (var finding in _held.FindAll(finding => finding.Known <= until)) Add(finding);
        _held.RemoveAll(finding => finding.Known <= until);
    }

    async Task PumpAsync(KernelLog log)
    {
        var scanner = _kernel = new KernelLogScanner(FindingSource.Kernel, Add);
        await foreach (var record in log.ReadAsync().ConfigureAwait(false))
        {
            var seconds = directory.SecondsAt(record.HostTimestamp);
            Keep(new Verdict.KernelRecord((long)record.Sequence, (long)record.GuestTimeMicroseconds, record.Level, seconds, record.Text), (kept, d) => d.Append(kept));
            lock (_lock) scanner.ReadRecord(record.Text, seconds);
        }
        lock (_lock) scanner.End();
    }

    async Task PumpAsync(string name, PciSlot slot, TraceRecorder trace)
    {
        using var timer = new PeriodicTimer(s_tracePeriod);
        var entries = new TraceEntry[1024];
        var records = new TraceRecord[entries.Length];
        long next = 0;
        var more = true;
        while (more)
        {
            try
            {
                more = await timer.WaitForNextTickAsync(_over.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                more = false;
            }
            next = Drain(name, trace, entries, records, next);
        }
    }

    long Drain(string name, TraceRecorder trace, TraceEntry[] entries, TraceRecord[] records, long next)
    {
        while (true)
        {
            var wanted = next;
            var count = trace.Read(wanted, entries, out next);
            if (next - count > wanted)
                Keep(new TraceRecord(directory.Now, entries[0].DeviceTime, name, Verdict.TraceKind.Note, $"{next - count - wanted} transactions were too many to keep"), static (kept, d) => d.Append(kept));
            for (var i = 0; i < count && Full is null; i++) records[i] = Decoded(name, trace, entries[i]);
            Keep(records.AsMemory(0, count), static (kept, d) => d.Append(kept.Span));
            if (count < entries.Length) return next;
        }
    }

    TraceRecord Decoded(string name, TraceRecorder trace, in TraceEntry entry)
    {
        return new TraceRecord(directory.SecondsAt(entry.HostTicks), entry.DeviceTime, name, KindOf(entry), trace.Describe(entry),
            Finding: entry.Kind is Pci.TraceKind.Finding or Pci.TraceKind.Fault || entry.Status != BusStatus.Ok);
    }

    static Verdict.TraceKind KindOf(in TraceEntry entry) => entry.Kind switch
    {
        Pci.TraceKind.Stimulus => Verdict.TraceKind.Stimulus,
        Pci.TraceKind.Timer => Verdict.TraceKind.Timer,
        Pci.TraceKind.Finding => Verdict.TraceKind.Note,
        Pci.TraceKind.Fault => Verdict.TraceKind.Fault,
        _ => entry.Op switch
        {
            BusOp.ConfigRead or BusOp.ConfigWrite => Verdict.TraceKind.Config,
            BusOp.MmioRead => Verdict.TraceKind.Read,
            BusOp.MmioWrite => Verdict.TraceKind.Write,
            BusOp.DmaRead => Verdict.TraceKind.DmaRead,
            BusOp.DmaWrite => Verdict.TraceKind.DmaWrite,
            BusOp.Reset => Verdict.TraceKind.Reset,
            _ => Verdict.TraceKind.Interrupt,
        },
    };

    Finding Found(string device, BusFinding found)
        => new(directory.Now, found.Check == "model-crashed" ? FindingSource.Lab : FindingSource.Device, found.Check, $"{device}: {found.Text}", SeverityOf(found.Check), found.Detail.Split('\n', StringSplitOptions.RemoveEmptyEntries));

    // A model that throws is the lab's failure. What a model alone checks is worth a look.
    static Severity SeverityOf(string check) => check is "model-crashed" or "fault-order" ? Severity.Error : BusChecks.Find(check)?.Severity switch
    {
        CheckSeverity.Error => Severity.Error,
        CheckSeverity.Info => Severity.Info,
        _ => Severity.Warning,
    };

    // What QEMU said that it must not say, and what we could not bear of it, is between the two halves of the lab.
    Finding OnTheWire(BusFinding found)
        => new(directory.Now, FindingSource.Lab, found.Check, found.Text.Split('\n')[0], found.Check == "vfio-user-crashed" ? Severity.Error : Severity.Warning, found.Text.Split('\n'));

    /// <summary>Adds what the kernel reports in a file of its own, as kmemleak does.</summary>
    public void AddReports(string text)
    {
        var scanner = new KernelLogScanner(FindingSource.Kernel, Add);
        scanner.ReadRecord(text, directory.Now);
        scanner.End();
    }

    /// <summary>Adds what somebody found who looked for it.</summary>
    public void Add(Finding seen)
    {
        var finding = judge(seen) with { Known = seen.Known ?? directory.Now, Baseline = IsBaseline(seen) };
        lock (_lock)
            if (_findings.Add(finding)) Keep(finding, static (kept, d) => d.Append(kept));
    }

    // A kernel that died, or cannot be trusted any more, is no ground to test a driver on.
    bool IsBaseline(Finding seen)
        => seen.Source is FindingSource.Kernel or FindingSource.Console && seen.Severity < Severity.Fatal && seen.Time < Volatile.Read(ref _driverCame);

    void Keep<T>(T what, Action<T, RunDirectory> write)
    {
        if (Full is not null) return;
        try
        {
            write(what, directory);
        }
        catch (RunDirectoryFullException full)
        {
            Full = full;
        }
    }
}
