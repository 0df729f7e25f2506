using System.CommandLine;
using System.Globalization;
using Understudy.Build;
using Understudy.Runner.Dkms;
using Understudy.Runner.Suites;
using Understudy.Toolchain;

namespace Understudy.Cli;

/// <summary><c>understudy dkms</c>: DKMS packages, made and tried.</summary>
static class DkmsCommand
{
    static readonly Argument<string> s_directory = new("DIR") { Description = "The directory with dkms.conf and the sources; it is only read" };
    static readonly Option<string[]> s_kernels = new("--kernel") { Description = "Debian's kernels to try it on, separated by commas; the newest stable one unless told", HelpName = "NAME,...", AllowMultipleArgumentsPerToken = true };
    static readonly Option<string> s_distribution = new("--distribution") { Description = $"The guests' user space, a Debian release or a root file system of your own: {UserSpace.Choice}", HelpName = "NAME", DefaultValueFactory = _ => DebianDistribution.Default.Name };
    static readonly Option<string[]> s_devices = new("--devices", "--device") { Description = "Devices the driver must bind to, separated by commas, see 'understudy devices'", HelpName = "NAME,...", AllowMultipleArgumentsPerToken = true };
    static readonly Option<string[]> s_ways = new("--way") { Description = "How it is installed: tarball (dkms ldtarball, build, install, remove), deb (dpkg -i, -r, -P); both unless told", HelpName = "tarball|deb", AllowMultipleArgumentsPerToken = true };
    static readonly Option<bool> s_packOnly = new("--pack-only") { Description = "Make the packages, and try them on no kernel" };
    static readonly Option<int> s_jobs = new("--jobs", "-j") { Description = "Guests at once", HelpName = "N", DefaultValueFactory = _ => 1 };
    static readonly Option<int> s_cpus = new("--cpus") { Description = "Virtual CPUs of a guest", HelpName = "N", DefaultValueFactory = _ => 2 };
    static readonly Option<int> s_seed = new("--seed") { Description = "Seed of everything random in the devices", HelpName = "N", DefaultValueFactory = _ => 1 };
    static readonly Option<string?> s_output = new("--output") { Description = "Directory for the packages, the run directories and the summary; runs/dkms-TIME unless told", HelpName = "DIR" };
    static readonly Option<bool> s_json = CommandLine.Json();

    public static Command Create()
    {
        var command = new Verb("dkms",
            "Make a DKMS tarball and a Debian package of a driver, the same bytes each time, and take both through every kernel: in a clean Debian guest they are installed, built by DKMS, loaded, upgraded to a next version and removed, and after each step all that must be true is looked at. docs/dkms.md tells what that is.",
            """
            understudy dkms drivers/axisg2 --kernel debian:6.1,debian:6.12,debian:7.2 --devices axisg2
            understudy dkms drivers/nic --kernel debian:6.1 --distribution debian:12 --way deb
            understudy dkms drivers/nic --kernel debian:6.12 --distribution podman:registry.example.org/lab/debian-build:13
            understudy dkms drivers/nic --kernel debian:6.12 --distribution oci:images/build.tar:latest
            understudy dkms drivers/nic --pack-only --output out
            """) { s_directory, s_kernels, s_distribution, s_devices, s_ways, s_packOnly, s_jobs, s_cpus, s_seed, s_output, s_json };
        s_ways.AcceptOnlyFromAmong("tarball", "deb");
        command.SetAction((parsed, cancel) => CommandLine.GuardAsync(parsed.GetValue(s_json), () => RunAsync(parsed, cancel)));
        return command;
    }

    static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        var request = Request(parsed);
        var json = parsed.GetValue(s_json);
        using var progress = new ProvisionDisplay(quiet: json);
        var display = new DkmsDisplay(progress);
        var summary = await DkmsRun.PlayAsync(new Toolbox(UnderstudyCache.Open(), progress), request, display, cancel).ConfigureAwait(false);
        display.Summary(summary);
        if (json) CommandLine.Print(summary.Json());
        return summary.ExitCode;
    }

    static DkmsRequest Request(ParseResult parsed)
    {
        if (parsed.GetValue(s_jobs) is < 1 or > 256) throw new UsageException("--jobs takes a number from 1 to 256");
        if (parsed.GetValue(s_cpus) is < 1 or > 64) throw new UsageException("--cpus takes a number from 1 to 64");
        if (parsed.GetValue(s_seed) < 0) throw new UsageException("--seed takes a number from 0 on");
        var directory = parsed.GetValue(s_directory)!;
        var ways = CommandLine.Words(parsed.GetValue(s_ways)).Select(word => Enum.Parse<DkmsWay>(word, ignoreCase: true)).Order().ToList();
        var kernels = CommandLine.Words(parsed.GetValue(s_kernels));
        return new DkmsRequest(directory, Package(directory), parsed.GetValue(s_output) ?? Path.Combine("runs", string.Create(CultureInfo.InvariantCulture, $"dkms-{DateTime.Now:yyyyMMdd-HHmmss-fff}")))
        {
            Kernels = parsed.GetValue(s_packOnly) ? [] : kernels.Count > 0 ? kernels : [Boards.BoardCatalog.Find(Boards.BoardCatalog.Default).Kernel],
            Distribution = UserSpace.Named(parsed.GetValue(s_distribution)!),
            Devices = [.. CommandLine.Words(parsed.GetValue(s_devices)).Select(name => PlannedDevice.Parse(CommandLine.DeviceNamed(name)))],
            Ways = ways.Count > 0 ? ways : [DkmsWay.Tarball, DkmsWay.Deb], Jobs = parsed.GetValue(s_jobs), Cpus = parsed.GetValue(s_cpus), Seed = parsed.GetValue(s_seed),
        };
    }

    static DkmsPackage Package(string directory)
    {
        try
        {
            return DkmsPackage.Read(directory);
        }
        catch (Exception wrong) when (wrong is FormatException or BuildFailedException)
        {
            throw new UsageException(wrong.Message);
        }
    }
}
