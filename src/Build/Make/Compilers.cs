using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Understudy.Toolchain;

namespace Understudy.Build;

/// <summary>Finds compilers on this host, and fetches those it does not have.</summary>
sealed partial class Compilers(Toolbox toolbox)
{
    static readonly string[] s_tools = ["make", "ld", "as", "objcopy"];

    /// <summary>A gcc of this very release: a kernel's configuration holds what its compiler could do, so another one may lack options.</summary>
    public async Task<Compiler> GccAsync(int major, CancellationToken cancel)
    {
        var named = string.Create(CultureInfo.InvariantCulture, $"gcc-{major}");
        if (s_tools.All(HostTool.Has))
            foreach (var command in (string[])[named, "gcc"])
                if (await VersionAsync(command, [], cancel).ConfigureAwait(false) is { } version && MajorOf(version) == major) return new Compiler(command, version, []);
        var bin = Path.Combine(await toolbox.ProgramsAsync([named, "make"], cancel).ConfigureAwait(false), "usr/bin");
        return new Compiler(named, await VersionAsync(named, [bin], cancel).ConfigureAwait(false)
            ?? throw new ToolchainException(ToolchainProblem.ProgramFailed, $"Debian's {named} in {bin} does not run."), [bin]);
    }

    /// <summary>This host's own gcc, or Debian's.</summary>
    public async Task<Compiler> AnyGccAsync(CancellationToken cancel) =>
        s_tools.All(HostTool.Has) && await VersionAsync("gcc", [], cancel).ConfigureAwait(false) is { } version ? new Compiler("gcc", version, []) : await GccAsync(14, cancel).ConfigureAwait(false);

    /// <summary>The gcov of a release of gcc, and what to put in front of PATH for it: counters are read by no other.</summary>
    public async Task<(string Command, IReadOnlyList<string> Path)> GcovAsync(int major, CancellationToken cancel)
    {
        var named = string.Create(CultureInfo.InvariantCulture, $"gcov-{major}");
        foreach (var command in (string[])[named, "gcov"])
            if (await VersionAsync(command, [], cancel).ConfigureAwait(false) is { } version && MajorOf(version) == major) return (command, []);
        var bin = Path.Combine(await toolbox.ProgramsAsync([string.Create(CultureInfo.InvariantCulture, $"gcc-{major}"), "make"], cancel).ConfigureAwait(false), "usr/bin");
        return (Path.Combine(bin, named), [bin]);
    }

    /// <summary>The first line of <c>--version</c>, or null when there is no such program.</summary>
    internal static async Task<string?> VersionAsync(string command, IReadOnlyList<string> path, CancellationToken cancel)
    {
        var program = path.Select(directory => Path.Combine(directory, command)).FirstOrDefault(File.Exists) ?? command;
        if (program == command && !HostTool.Has(command)) return null;
        using var process = Process.Start(new ProcessStartInfo(program, ["--version"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var words = await process.StandardOutput.ReadToEndAsync(cancel).ConfigureAwait(false);
        await process.WaitForExitAsync(cancel).ConfigureAwait(false);
        return process.ExitCode == 0 ? words.Split('\n')[0].Trim() : null;
    }

    internal static int? MajorOf(string version) => Release().Match(version) is { Success: true } match ? int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : null;

    // gcc (Debian 12.2.0-14+deb12u1) 12.2.0
    [GeneratedRegex(@"\s(\d+)\.\d+\.\d+\S*$")]
    private static partial Regex Release();
}
