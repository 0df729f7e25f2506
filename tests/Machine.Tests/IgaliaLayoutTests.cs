using System.Diagnostics;
using Understudy.Runner.Suites;
using Understudy.Runner.Tests;
using Understudy.Verdict;

namespace Understudy.Machine.Tests;

/// <summary>Suites in Igalia's layout, run as they are.</summary>
public sealed class IgaliaLayoutTests : IDisposable
{
    const string Kernel = "debian:6.12", Note = "#!/bin/sh\n{ echo $(basename $0) in $(basename $PWD); } >> $UNDERSTUDY_SHARED/order\n";

    readonly SuiteFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    async Task<SuiteSummary> PlayAsync(string suite)
    {
        await Bench.LabAsync(Kernel);
        return await SuiteRun.PlayAsync(Bench.Toolbox, new SuiteRequest(SuiteReader.Read(_folder[suite]), _folder["runs"], "understudy run"), new SilentSuite(), TestContext.Current.CancellationToken);
    }

    static CellResult Of(SuiteSummary summary, string test)
    {
        var result = summary.Results.Single(cell => cell.Cell.Test.Name == test);
        TestContext.Current.TestOutputHelper!.WriteLine($"{test}: {result.Verdict}\n{string.Join('\n', result.Verdict.Evidence)}");
        return result;
    }

    static string Kept(CellResult result, string file) => File.ReadAllText(Path.Combine(result.Directory, file));

    [Fact]
    public async Task A_suite_runs_in_its_order_and_what_the_guest_shares_is_kept_even_of_one_that_panics()
    {
        _folder.With("edu/setup", Note).With("edu/teardown", Note).With("edu/info/description", "QEMU's card for teaching").With("edu/info/timeout", "60").With("edu/info/kernel", Kernel)
            .With("edu/probe/setup", Note).With("edu/probe/teardown", Note).With("edu/probe/info/qemu-args", "-device edu\n").With("edu/probe/info/description", "it is there")
            .With("edu/probe/data/id", "0x11e8\n").With("edu/probe/run", Note + "grep -qF \"$(cat data/id)\" /sys/bus/pci/devices/*/device && echo found && ln -s /etc/passwd $UNDERSTUDY_SHARED/link\n")
            .With("edu/absent/info/expect-failure", "the card is not asked for").With("edu/absent/run", "#!/bin/sh\ngrep -q 0x11e8 /sys/bus/pci/devices/*/device\n")
            .With("edu/slow/info/timeout", "1").With("edu/slow/run", "#!/bin/sh\nsleep 1000\n")
            .With("edu/greedy/run", "#!/bin/sh\ntruncate -s 2G $UNDERSTUDY_SHARED/all\nsleep 1000\n")
            .With("edu/panic/run", "#!/bin/sh\necho last words > $UNDERSTUDY_SHARED/words\necho c > /proc/sysrq-trigger\nsleep 1000\n");
        var summary = await PlayAsync("edu");
        var probe = Of(summary, "probe");
        Assert.Equal(Outcome.Pass, probe.Outcome);
        Assert.Equal("setup in suite\nsetup in test\nrun in test\nteardown in test\nteardown in suite\n", Kept(probe, "shared/order"));
        Assert.Equal("found\n", Kept(probe, "run.out"));
        Assert.Equal(["link", "order"], Directory.EnumerateFileSystemEntries(Path.Combine(probe.Directory, "shared")).Select(Path.GetFileName).Order());
        Assert.Null(new FileInfo(Path.Combine(probe.Directory, "shared", "link")).LinkTarget);
        Assert.Equal(Outcome.XFail, Of(summary, "absent").Outcome);
        Assert.Equal("step 'run': still running after 1 s, and killed", Of(summary, "slow").Verdict.Reason);
        var greedy = Of(summary, "greedy").Verdict;
        Assert.Equal((Outcome.Error, "step 'run': the guest wrote more than 1024 MiB into the shared folder"), (greedy.Outcome, greedy.Reason));
        var panic = Of(summary, "panic");
        Assert.Equal((Outcome.Fail, "last words\n"), (panic.Outcome, Kept(panic, "shared/words")));
    }

    [Fact]
    public async Task A_kernel_without_9P_has_a_shared_folder_that_is_fetched_at_the_end()
    {
        _folder.With("s/info/kernel", (await Bench.LabAsync(Kernel)).Kernel.Vmlinuz).With("s/deep/run", "#!/bin/sh\nmkdir $UNDERSTUDY_SHARED/deep && echo kept > $UNDERSTUDY_SHARED/deep/file; exit 1\n")
            .With("s/odd/run", "#!/bin/sh\necho x > \"$UNDERSTUDY_SHARED/$(printf 'a\\033b')\"\n");
        var summary = await PlayAsync("s");
        var (deep, odd) = (Of(summary, "deep"), Of(summary, "odd").Verdict);
        Assert.Equal((Outcome.Fail, "step 'run': exit code 1", "kept\n"), (deep.Outcome, deep.Verdict.Reason, Kept(deep, "shared/deep/file")));
        Assert.Equal((Outcome.Error, true), (odd.Outcome, odd.Reason.Contains("names are not UTF-8, or hold control characters", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("raw")]
    [InlineData("qcow2")]
    public async Task Scripts_run_in_the_system_on_a_disk_whose_image_never_changes(string format)
    {
        var image = await SystemImageAsync(format);
        var before = await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken);
        _folder.With("s/info/disk-image", $"../{Path.GetFileName(image)}\n").With("s/info/kernel", Kernel)
            .With("s/inside/run", "#!/bin/sh\ncat /etc/motd && echo changed > /etc/motd && sync && cat data/file && cat /sys/block/vda/size > $UNDERSTUDY_SHARED/size || exit 1\ndevice 2> /dev/null; [ $? = 2 ]\n").With("s/inside/data/file", "beside\n");
        if (format == "raw") _folder.With("s/again/run", "#!/bin/sh\ncat /etc/motd\n").With("s/nothing/run", "#!/bin/nosuchshell\n");
        var summary = await PlayAsync("s");
        var inside = Of(summary, "inside");
        Assert.StartsWith("the image's own\nbeside\n", Kept(inside, "run.out"), StringComparison.Ordinal);
        Assert.Equal((Outcome.Pass, "16384\n"), (inside.Outcome, Kept(inside, "shared/size")));
        Assert.Equal(before, await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken));
        if (format != "raw") return;
        Assert.Equal("the image's own\n", Kept(Of(summary, "again"), "run.out"));
        var nothing = Of(summary, "nothing").Verdict;
        Assert.Equal((Outcome.Error, true), (nothing.Outcome, nothing.Reason.Contains("cannot be run in the disk's system (exit code 127)", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_kernel_or_a_QEMU_that_is_not_there_is_told_with_its_file_before_anything_boots()
    {
        await Bench.LabAsync(Kernel);
        _folder.With("all/a/info/kernel", "bzImage-of-mine/bzImage").With("all/a/t/run", "#!/bin/sh\n").With("all/b/info/qemu", "qemu-system-nowhere").With("all/b/t/run", "#!/bin/sh\n")
            .With("all/c/info/qemu", "../qemu-6").With("all/c/t/run", "#!/bin/sh\n").With("all/qemu-6", "#!/bin/sh\necho QEMU emulator version 6.2.0\n").With("all/d/info/kernel", "debian:6.99").With("all/d/t/run", "#!/bin/sh\n");
        var problems = (await Assert.ThrowsAsync<SuiteException>(() => PlayAsync("all"))).Problems.Select(problem => problem.ToString()).ToList();
        Assert.Equal(4, problems.Count);
        Assert.Contains($"{_folder["all/a/info/kernel"]}:1: kernel: There is no kernel image {_folder["all/a/bzImage-of-mine/bzImage"]}. Give the path of a bzImage or vmlinux", problems[0], StringComparison.Ordinal);
        Assert.Contains($"{_folder["all/b/info/qemu"]}:1: qemu: There is no QEMU 'qemu-system-nowhere' on the PATH. Expected", problems[1], StringComparison.Ordinal);
        Assert.Contains($"{_folder["all/c/info/qemu"]}:1: qemu: {_folder["all/qemu-6"]} is QEMU 6.2.0; expected 11.1 or newer", problems[2], StringComparison.Ordinal);
        Assert.Contains($"{_folder["all/d/info/kernel"]}:1: kernel: ", problems[3], StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["runs"]));
    }

    [Fact]
    public async Task A_QEMU_of_the_suites_own_is_the_one_that_runs()
    {
        var qemu = (await Bench.LabAsync(Kernel)).Qemu is null ? throw new InvalidOperationException() : await Bench.Toolbox.QemuAsync(TestContext.Current.CancellationToken);
        var words = string.Join(' ', qemu.PrefixArguments.Select(word => $"'{word}'"));
        var variables = string.Concat(qemu.Environment.Select(variable => $"export {variable.Key}='{variable.Value}'\n"));
        _folder.With("bin/qemu", $"#!/bin/sh\n{variables}exec '{qemu.Executable}' {words} \"$@\"\n").With("s/info/qemu", "../bin/qemu").With("s/info/kernel", Kernel).With("s/t/run", "#!/bin/sh\n");
        Directory.CreateDirectory(_folder["share"]);
        File.CreateSymbolicLink(_folder["share/qemu"], Path.GetDirectoryName(qemu.FirmwarePath("qboot.rom"))!);
        var result = Of(await PlayAsync("s"), "t");
        Assert.Equal((Outcome.Pass, _folder["bin/qemu"]), (result.Outcome, RunRecord.Load(result.Directory).Info.Qemu!.Origin));
    }

    // A file system with a busybox in it, in an image of 8 MiB.
    async Task<string> SystemImageAsync(string format)
    {
        var image = _folder[$"disk.{format}"];
        foreach (var directory in (string[])["bin", "etc"]) Directory.CreateDirectory(_folder[$"root/{directory}"]);
        File.Copy(await Bench.Toolbox.BusyboxAsync(), _folder["root/bin/busybox"]);
        foreach (var name in (string[])["sh", "cat", "sync"]) File.CreateSymbolicLink(_folder[$"root/bin/{name}"], "busybox");
        _folder.With("root/etc/motd", "the image's own\n");
        if (!Ran("mke2fs", "-q", "-t", "ext4", "-d", _folder["root"], _folder["disk.raw"], "8M")) Assert.Skip("there is no mke2fs (e2fsprogs) to make a file system with");
        if (format == "qcow2") Qcow2.Write(_folder["disk.raw"], image);
        return image;
    }

    static bool Ran(string program, params string[] arguments)
    {
        var path = new[] { "/usr/sbin", "/sbin", "/usr/bin" }.Select(directory => Path.Combine(directory, program)).FirstOrDefault(File.Exists);
        if (path is null) return false;
        using var process = Process.Start(new ProcessStartInfo(path, arguments) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
