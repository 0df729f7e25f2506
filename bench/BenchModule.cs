using System.Security.Cryptography;
using Understudy.Toolchain;

namespace Understudy.Bench;

/// <summary>Builds the module of drivers/bench against Debian's headers of a kernel, once for each kernel and source.</summary>
sealed class BenchModule(Toolbox toolbox)
{
    const string Name = "understudy_bench";

    readonly Provisioning _step = new("kernel headers", null);

    /// <returns>The path of the module.</returns>
    /// <exception cref="BenchSkippedException">It cannot be built here.</exception>
    public async Task<string> BuildAsync(Kernel kernel, CancellationToken cancel)
    {
        var source = Workshop.InRepository("drivers/bench");
        var key = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(source, $"{Name}.c"), cancel)))[..12];
        try
        {
            var headers = await HeadersAsync(kernel, cancel);
            var entry = await toolbox.Cache.EntryAsync($"compiled/{Name}-{kernel.Release}-{key}", staging => CompileAsync(kernel, headers, source, staging, cancel), cancel);
            return Path.Combine(entry, $"{Name}.ko");
        }
        catch (ToolchainException missing)
        {
            throw new BenchSkippedException($"{missing.Message} The module needs gcc and make (apt install gcc make) and Debian's headers of {kernel.Release}.");
        }
    }

    static async Task CompileAsync(Kernel kernel, string headers, string source, string staging, CancellationToken cancel)
    {
        foreach (var file in (string[])["Makefile", $"{Name}.c"]) File.Copy(Path.Combine(source, file), Path.Combine(staging, file));
        var command = new HostCommand("make", ["-C", Common(headers, kernel), $"O={Flavour(headers, kernel)}", $"M={staging}", "modules"]);
        await HostProcess.RequireAsync(command, $"building {Name} for {kernel.Release}", cancel);
    }

    Task<string> HeadersAsync(Kernel kernel, CancellationToken cancel) => toolbox.Cache.EntryAsync($"headers/{kernel.Release}", async staging =>
    {
        var apt = new PrivateApt(toolbox.Cache, HostLayout.Machine);
        await apt.EnsureListsAsync(_step, cancel);
        var series = string.Join('.', kernel.Release.Split('.').Take(2));
        var packages = await apt.PlanAloneAsync([Path.GetFileName(Flavour("", kernel)), Path.GetFileName(Common("", kernel)), $"linux-kbuild-{series}"], _step, cancel);
        await apt.FetchAsync(packages, _step, debs => Prefix.UnpackAsync(debs, staging, cancel), cancel);
    }, cancel);

    static string Flavour(string headers, Kernel kernel) => Path.Combine(headers, $"usr/src/linux-headers-{kernel.Release}");

    static string Common(string headers, Kernel kernel) => Path.Combine(headers, $"usr/src/linux-headers-{kernel.Release[..kernel.Release.LastIndexOf('-')]}-common");
}
