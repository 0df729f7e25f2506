using System.Diagnostics;
using System.Globalization;
using Understudy.Build;
using Understudy.Runner.Suites;
using Understudy.Toolchain;

namespace Understudy.Bench;

/// <summary>How long somebody waits who changes one line of a driver, and for builds that are known.</summary>
sealed class EditTestBench(Workshop workshop) : IBench
{
    const int RoundCount = 7;

    public string Name => "edit-test";

    public string What => "one line of a driver changed: module rebuilt, guest restored, test passed; our build against plain make; a kernel that is already built";

    public async Task<IReadOnlyList<Measurement>> RunAsync(CancellationToken cancel)
    {
        var lab = await workshop.OpenLabAsync(Workshop.Kernel, cancel);
        using var desk = new Desk();
        Series test = new("edit to verdict", "s"), build = new("edit to module", "s"), plain = new("edit to module, plain make", "s");
        await PlayAsync(desk, cancel);
        await desk.PlainMakeAsync(await workshop.Toolbox.HeadersAsync(lab.Kernel, cancel), cancel);
        for (var round = 0; round < RoundCount; round++)
        {
            test.Add(await TimeAsync(desk, () => PlayAsync(desk, cancel)));
            build.Add(await TimeAsync(desk, () => new ModuleBuilder(workshop.Toolbox).BuildAsync(desk.Driver, lab.Kernel, cancel: cancel)));
            plain.Add(await TimeAsync(desk, async () => await desk.PlainMakeAsync(await workshop.Toolbox.HeadersAsync(lab.Kernel, cancel), cancel)));
        }
        return [test.Judged("< 6 s", seconds => seconds < 6), plain.Line(), build.Judged("< 1 s more than plain make", seconds => seconds < plain.Median + 1), await KnownAsync(cancel)];
    }

    static async Task<double> TimeAsync(Desk desk, Func<Task> work)
    {
        desk.Edit();
        var began = Stopwatch.GetTimestamp();
        await work();
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    async Task PlayAsync(Desk desk, CancellationToken cancel)
    {
        var request = new SuiteRequest(SuiteReader.Read(desk.Suite), desk.NewOutput(), "understudy run") { Kernels = [Workshop.Kernel] };
        var summary = await SuiteRun.PlayAsync(workshop.Toolbox, request, new Unwatched(), cancel);
        if (summary.ExitCode != 0) throw new InvalidOperationException($"the test did not pass: {summary.Results[0].Verdict}");
    }

    async Task<Measurement> KnownAsync(CancellationToken cancel)
    {
        var builder = new KernelBuilder(workshop.Toolbox);
        var recipe = Profile.Recipe("qemu");
        await builder.BuildAsync(recipe, cancel: cancel);
        var again = new Series("a kernel asked for again", "s");
        for (var round = 0; round < RoundCount; round++)
        {
            var began = Stopwatch.GetTimestamp();
            await builder.BuildAsync(recipe, cancel: cancel);
            again.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
        }
        return again.Judged("< 1 s", seconds => seconds < 1);
    }

    /// <summary>A driver and its suite, to be edited.</summary>
    sealed class Desk : IDisposable
    {
        readonly string _path = Directory.CreateTempSubdirectory("understudy-bench-").FullName;
        int _edits, _outputs;

        public Desk()
        {
            foreach (var directory in (string[])[Driver, Plain]) CopyDriver(directory);
            var test = Directory.CreateDirectory(Path.Combine(Suite, "loads")).FullName;
            File.WriteAllText(Path.Combine(test, "test.yaml"), "modules: ../../driver\n");
            File.WriteAllText(Path.Combine(test, "run"), "#!/bin/sh\n[ -d /sys/module/understudy_bench ]\n");
            File.SetUnixFileMode(Path.Combine(test, "run"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        public string Driver => Path.Combine(_path, "driver");

        public string Suite => Path.Combine(_path, "suite");

        string Plain => Path.Combine(_path, "plain");

        public string NewOutput() => Path.Combine(_path, string.Create(CultureInfo.InvariantCulture, $"run{_outputs++}"));

        static void CopyDriver(string directory)
        {
            Directory.CreateDirectory(directory);
            foreach (var name in (string[])["Makefile", "understudy_bench.c"]) File.Copy(Path.Combine(Workshop.InRepository("drivers/bench"), name), Path.Combine(directory, name));
        }

        // New to every cache: no edit of any earlier run was the same.
        public void Edit()
        {
            foreach (var directory in (string[])[Driver, Plain]) File.AppendAllText(Path.Combine(directory, "understudy_bench.c"), $"static const char edit_{_edits++}[] __used = \"{Guid.NewGuid()}\";\n");
        }

        public async Task PlainMakeAsync(KernelHeaders headers, CancellationToken cancel)
        {
            using var make = Process.Start(new ProcessStartInfo("make", ["-s", "-C", headers.Directory, $"M={Plain}", "CC=gcc", $"-j{Environment.ProcessorCount}", "modules"]) { RedirectStandardOutput = true, RedirectStandardError = true })
                ?? throw new BenchSkippedException("make cannot be started");
            await Task.WhenAll(make.StandardOutput.ReadToEndAsync(cancel), make.StandardError.ReadToEndAsync(cancel));
            await make.WaitForExitAsync(cancel);
            if (make.ExitCode != 0) throw new BenchSkippedException("plain make needs this host's own make and the gcc release of the kernel");
        }

        public void Dispose() => Directory.Delete(_path, recursive: true);
    }

    sealed class Unwatched : ISuiteObserver
    {
        public void Planned(int? cells)
        {
        }

        public void At(TestCell cell, string step)
        {
        }

        public void Retries(TestCell cell, string reason)
        {
        }

        public void Ended(CellResult result)
        {
        }
    }
}
