using System.Diagnostics;
using System.Text.Json;
using Understudy.Boards;
using Understudy.Pci;
using Understudy.Runner.Suites;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Runner.Dkms;

/// <summary>Makes the packages of a directory and takes them through each kernel: in a guest that is nothing but Debian, or another root file system,
/// with DKMS and the kernel's headers they are installed, built, loaded, upgraded and removed.</summary>
public sealed class DkmsRun
{
    static readonly string[] s_packages = ["dkms", "gcc", "make", "kmod"];

    static readonly JsonSerializerOptions s_pretty = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    readonly Toolbox _toolbox;
    readonly DkmsRequest _request;
    readonly IDkmsObserver _observer;
    readonly Lock _lock = new();

    DkmsRun(Toolbox toolbox, DkmsRequest request, IDkmsObserver observer) => (_toolbox, _request, _observer) = (toolbox, request, observer);

    /// <summary>Does what was asked for.</summary>
    /// <exception cref="IOException">The output directory is not empty, or cannot be written.</exception>
    /// <exception cref="ToolchainException">There is no such kernel.</exception>
    public static async Task<DkmsSummary> PlayAsync(Toolbox toolbox, DkmsRequest request, IDkmsObserver observer, CancellationToken cancel = default)
    {
        if (Directory.Exists(request.Output) && Directory.EnumerateFileSystemEntries(request.Output).Any()) throw new IOException($"{request.Output} is not empty: name a new directory for the output");
        foreach (var kernel in request.Kernels) await Lab.CheckAsync(toolbox, new LabRequest(kernel), cancel).ConfigureAwait(false);
        return await new DkmsRun(toolbox, request, observer).PlayAsync(cancel).ConfigureAwait(false);
    }

    async Task<DkmsSummary> PlayAsync(CancellationToken cancel)
    {
        var files = Pack();
        _observer.Packed(files);
        var results = new DkmsResult[_request.Kernels.Count];
        await Parallel.ForEachAsync(Enumerable.Range(0, results.Length), new ParallelOptions { MaxDegreeOfParallelism = _request.Jobs, CancellationToken = cancel },
            async (index, stop) => results[index] = await PlayAsync(_request.Kernels[index], stop).ConfigureAwait(false)).ConfigureAwait(false);
        var summary = new DkmsSummary(_request, files, results);
        await File.WriteAllTextAsync(Path.Combine(_request.Output, "summary.json"), summary.Json().ToJsonString(s_pretty) + "\n", cancel).ConfigureAwait(false);
        if (results.Length > 0) MatrixReport.Write(RunSummary.Read(_request.Output), Path.Combine(_request.Output, "matrix.html"));
        return summary;
    }

    List<string> Pack()
    {
        Directory.CreateDirectory(_request.Output);
        var package = _request.Package;
        return [Write(package.TarballName, package.WriteTarball), Write(package.DebName, package.WriteDeb)];

        string Write(string name, Action<Stream> write)
        {
            var path = Path.GetFullPath(Path.Combine(_request.Output, name));
            using var file = File.Create(path);
            write(file);
            return path;
        }
    }

    async Task<DkmsResult> PlayAsync(string kernel, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        var test = $"dkms/{_request.Package.Conf.Name}";
        var plan = new TestPlan(test, kernel, new TestSettings
        {
            Description = $"{_request.Package.Conf.Name} {_request.Package.Conf.Version} on {_request.Distribution}: installed, built, loaded, upgraded, removed",
            Devices = _request.Devices, Cpus = _request.Cpus, MemoryMebibytes = _request.MemoryMebibytes,
        }, _request.CommandFor(kernel)) { Seed = _request.Seed, Start = GuestStart.Cold };
        var directory = Path.GetFullPath(Path.Combine(_request.Output, $"{_request.Package.Conf.Name}@{string.Concat(kernel.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' ? c : '-'))}"));
        await using var run = TestRun.Begin(plan, directory, new Watch(kernel, this));
        await TakeThroughAsync(run, kernel, cancel).ConfigureAwait(false);
        await run.ReadLogAsync(cancel).ConfigureAwait(false);
        var verdict = await run.ConcludeAsync().ConfigureAwait(false);
        var result = new DkmsResult(kernel, verdict, directory, Stopwatch.GetElapsedTime(started).TotalSeconds, run.Run.Directory.Steps);
        lock (_lock) _observer.Ended(result);
        return result;
    }

    async Task TakeThroughAsync(TestRun run, string kernel, CancellationToken cancel)
    {
        (Lab? Lab, OwnRootDisk? Own) opened = default;
        if (!await run.PrepareAsync(async stop => (opened = await OpenAsync(run, kernel, stop).ConfigureAwait(false)).Lab!, cancel: cancel).ConfigureAwait(false)) return;
        DkmsGuest? guest = null;
        try
        {
            if (!await run.Run.StepAsync("enter", async _ => guest = await DkmsGuest.EnterAsync(run, opened.Lab!, cancel).ConfigureAwait(false)).ConfigureAwait(false)) return;
            PciIdentity[] cards = [.. run.Devices.Select(device => device.Slot.Device.Identity)];
            foreach (var step in new DkmsProtocol(guest!, _request.Package, opened.Lab!.Kernel.Release, cards, opened.Own).Steps(_request.Ways))
                if (!await run.Run.StepAsync(step.Name, notes => step.Body(notes, cancel)).ConfigureAwait(false)) return;
        }
        finally
        {
            guest?.Dispose();
        }
    }

    // The disk is known only when the kernel is: its headers are on it.
    async Task<(Lab Lab, OwnRootDisk? Own)> OpenAsync(TestRun run, string kernel, CancellationToken cancel)
    {
        var lab = await Lab.OpenAsync(_toolbox, new LabRequest(kernel), cancel).ConfigureAwait(false);
        if (lab.Kernel.PackageVersion.Length == 0) throw new StepSkippedException($"{kernel} is no kernel of Debian's: no package of its headers can be installed in a guest");
        try
        {
            var (image, own) = await RootAsync(lab.Kernel, cancel).ConfigureAwait(false);
            run.Settings = run.Settings with { Disk = new DiskImage(image, "raw") };
            return (lab, own);
        }
        catch (ToolchainException impossible) when (impossible.Problem == ToolchainProblem.Unsatisfiable)
        {
            throw new StepSkippedException(_request.Distribution is OwnRoot ? impossible.Message : $"{_request.Distribution} cannot have the headers of {kernel}: {impossible.Message}");
        }
    }

    async Task<(string Image, OwnRootDisk? Own)> RootAsync(Kernel kernel, CancellationToken cancel)
    {
        if (_request.Distribution is DebianDistribution debian)
            return ((await _toolbox.RootAsync(new RootRequest(debian, [.. s_packages, $"linux-headers-{kernel.Release}"])
                { Pretended = [$"linux-image-{kernel.Release} (= {kernel.PackageVersion})"] }, cancel).ConfigureAwait(false)).Image, null);
        var own = await _toolbox.RootAsync((OwnRoot)_request.Distribution, kernel, cancel).ConfigureAwait(false);
        return own.HasDpkg || _request.Ways.Contains(DkmsWay.Tarball) ? (own.Image, own) : throw new StepSkippedException($"{_request.Distribution} has no dpkg: no Debian package can be installed there, only the tarball (--way tarball)");
    }

    sealed class Watch(string kernel, DkmsRun run) : IRunObserver
    {
        public void Began(StepRecord step)
        {
            lock (run._lock) run._observer.Began(kernel, step);
        }

        public void Says(string text)
        {
        }

        public void Ended(StepRecord step)
        {
            lock (run._lock) run._observer.Ended(kernel, step);
        }
    }
}
