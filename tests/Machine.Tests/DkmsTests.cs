using Understudy.Build;
using Understudy.Build.Tests;
using Understudy.Runner.Dkms;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Machine.Tests;

/// <summary>DKMS packages in a clean Debian. UNDERSTUDY_DKMS_ALL=1 takes them through all kernels and both ways.</summary>
public sealed class DkmsTests : IDisposable
{
    // It needs a module of the kernel's own, which a clean guest has not loaded.
    const string Driver = """
        #include <linux/mii.h>
        MODULE_VERSION("1.0");
        static int __init greet(void) { pr_info("nic: here with %ps\n", mii_link_ok); return 0; }
        static void __exit leave(void) { }
        module_init(greet);
        module_exit(leave);
        """;

    readonly SourceFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    static bool All => Environment.GetEnvironmentVariable("UNDERSTUDY_DKMS_ALL") == "1";

    sealed class Silent : IDkmsObserver
    {
        public void Packed(IReadOnlyList<string> files)
        {
        }

        public void Began(string kernel, StepRecord step)
        {
        }

        public void Ended(string kernel, StepRecord step)
        {
        }

        public void Ended(DkmsResult result)
        {
        }
    }

    async Task<DkmsSummary> PlayAsync(string source, IReadOnlyList<string> kernels, params DkmsWay[] ways)
    {
        _folder.WithModule("nic", source).With("nic/dkms.conf", "PACKAGE_NAME=nic\nPACKAGE_VERSION=1.0\nBUILT_MODULE_NAME[0]=nic\nDEST_MODULE_LOCATION[0]=/updates/dkms\nAUTOINSTALL=yes\n");
        var request = new DkmsRequest(_folder["nic"], DkmsPackage.Read(_folder["nic"]), _folder["runs"]) { Kernels = kernels, Ways = ways };
        foreach (var kernel in kernels) await Bench.LabAsync(kernel);
        var summary = await DkmsRun.PlayAsync(Bench.Toolbox, request, new Silent(), TestContext.Current.CancellationToken);
        if (summary.Results[0].Verdict is { Outcome: Outcome.Broken, Reason: var reason } && reason.Contains("cannot be reached", StringComparison.Ordinal)) Assert.Skip(reason);
        return summary;
    }

    [Fact]
    public async Task A_package_is_installed_built_loaded_upgraded_and_removed_in_a_clean_Debian()
    {
        var summary = await PlayAsync(Driver, All ? ["debian:6.1", "debian:6.12", "debian:7.2"] : ["debian:6.12"], All ? [DkmsWay.Tarball, DkmsWay.Deb] : [DkmsWay.Deb]);
        foreach (var result in summary.Results)
        {
            Assert.True(result.Verdict.Outcome == Outcome.Pass, $"{result.Kernel}: {result.Verdict}\n{string.Join('\n', result.Steps.Select(step => $"{step.Name}: {step.Detail}"))}");
            Assert.Equal("deb-purge", result.Steps[^2].Name);
            var log = await File.ReadAllTextAsync(Path.Combine(result.Directory, "kernel.jsonl"), TestContext.Current.CancellationToken);
            Assert.Equal(All ? 4 : 2, log.Split("nic: here with mii_link_ok").Length - 1);
        }
        Assert.Equal(0, summary.ExitCode);
    }

    // With UNDERSTUDY_DKMS_ALL=1 a package is tried in it; else only the disk is made and looked at.
    [Fact]
    public async Task A_root_of_the_users_own_gets_the_kernels_headers_and_lacks_nothing_unsaid()
    {
        var kernel = (await Bench.LabAsync("debian:6.12")).Kernel;
        var (programs, root) = (await Bench.Toolbox.ProgramsAsync(["e2fsprogs", "libarchive13t64"]), Directory.CreateDirectory(_folder["root"]).FullName);
        var debian = await Bench.Toolbox.RootAsync(new RootRequest(DebianDistribution.Default, ["dkms", "gcc", "make", "kmod", $"linux-headers-{kernel.Release}"])
            { Pretended = [$"linux-image-{kernel.Release} (= {kernel.PackageVersion})"] }, TestContext.Current.CancellationToken);
        await DebugfsAsync(programs, $"rdump / {root}", debian.Image);
        foreach (var headers in Directory.EnumerateDirectories(Path.Combine(root, "usr/src")).Concat(Directory.EnumerateDirectories(Path.Combine(root, "usr/lib/modules"))).Concat(Directory.EnumerateDirectories(Path.Combine(root, "usr/lib"), "linux-kbuild-*")).ToList()) Directory.Delete(headers, recursive: true);
        var own = (OwnRoot)UserSpace.Named(root);

        var disk = await Bench.Toolbox.RootAsync(own, kernel, TestContext.Current.CancellationToken);
        Assert.True(disk.HasDpkg);
        Assert.Equal([$"Debian's headers of {kernel.Release} brought"], disk.Remarks);
        Assert.Contains("Type: regular", await DebugfsAsync(programs, $"stat /usr/src/linux-headers-{kernel.Release}/.kernelvariables", disk.Image), StringComparison.Ordinal);
        Assert.Contains("User:     0", await DebugfsAsync(programs, "stat /usr/bin/dash", disk.Image), StringComparison.Ordinal);
        Assert.Equal(disk.Image, (await Bench.Toolbox.RootAsync(own, kernel, TestContext.Current.CancellationToken)).Image);
        if (All)
        {
            _folder.WithModule("nic", Driver).With("nic/dkms.conf", "PACKAGE_NAME=nic\nPACKAGE_VERSION=1.0\nBUILT_MODULE_NAME[0]=nic\nDEST_MODULE_LOCATION[0]=/updates/dkms\nAUTOINSTALL=yes\n");
            var request = new DkmsRequest(_folder["nic"], DkmsPackage.Read(_folder["nic"]), _folder["runs"]) { Kernels = ["debian:6.12"], Distribution = own };
            var result = (await DkmsRun.PlayAsync(Bench.Toolbox, request, new Silent(), TestContext.Current.CancellationToken)).Results[0];
            Assert.True(result.Verdict.Outcome == Outcome.Pass, $"{result.Verdict}\n{string.Join('\n', result.Steps.Select(step => $"{step.Name}: {step.Detail}"))}");
        }
        File.Delete(Path.Combine(root, "usr/sbin/dkms"));
        var lacking = await Assert.ThrowsAsync<ToolchainException>(() => Bench.Toolbox.RootAsync(own, kernel, TestContext.Current.CancellationToken));
        Assert.Contains($"dir:{root} lacks dkms, which it takes to build a DKMS package there", lacking.Message, StringComparison.Ordinal);
    }

    static async Task<string> DebugfsAsync(string programs, string command, string image)
    {
        using var debugfs = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(Path.Combine(programs, "usr/sbin/debugfs"), ["-R", command, image]) { RedirectStandardOutput = true })!;
        var said = await debugfs.StandardOutput.ReadToEndAsync();
        await debugfs.WaitForExitAsync();
        return said;
    }

    [Fact]
    public async Task A_driver_that_does_not_compile_for_a_kernel_fails_by_the_compilers_first_error()
    {
        var summary = await PlayAsync("static u33 wrong;", ["debian:6.12"], DkmsWay.Tarball);
        Assert.Equal(1, summary.ExitCode);
        var build = summary.Results[0].Steps.First(step => step.Name == "build");
        Assert.Equal(Outcome.Fail, build.Outcome);
        Assert.Contains("nic 1.0 does not compile for 6.12", build.Detail, StringComparison.Ordinal);
        Assert.Contains("nic.c:2: error: unknown type name 'u33'", build.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_that_a_distribution_cannot_have_are_no_failure_but_a_skip()
    {
        _folder.WithModule("nic").With("nic/dkms.conf", "PACKAGE_NAME=nic\nPACKAGE_VERSION=1.0\n");
        await Bench.LabAsync("debian:7.2");
        var request = new DkmsRequest(_folder["nic"], DkmsPackage.Read(_folder["nic"]), _folder["runs"]) { Kernels = ["debian:7.2"], Distribution = DebianDistribution.Named("debian:12") };
        var result = (await DkmsRun.PlayAsync(Bench.Toolbox, request, new Silent(), TestContext.Current.CancellationToken)).Results[0];
        Assert.Equal(Outcome.Skip, result.Verdict.Outcome);
        Assert.Contains("debian:12 cannot have the headers of debian:7.2", result.Verdict.Reason, StringComparison.Ordinal);
    }
}
