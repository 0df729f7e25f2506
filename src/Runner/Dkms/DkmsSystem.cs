using System.Globalization;
using Understudy.Build;
using Understudy.Guest;

namespace Understudy.Runner.Dkms;

/// <summary>DKMS and dpkg in a guest: what they are told, and what they say of a package.</summary>
sealed class DkmsSystem(IDkmsMachine machine, string package, string kernel)
{
    const int Excluded = 77, MostLines = 40;

    // Between two builds depmod's indexes differ and DKMS may have made its signing key: neither is the package's.
    const string Find = "find /var/lib/dkms /lib/modules -mindepth 1 ! -name 'modules.*' ! -name 'mok.*' ! -path '*/understudy' ! -path '*/understudy/*'; find /usr/src -mindepth 1 -maxdepth 1";

    /// <summary>Runs what has to succeed.</summary>
    /// <returns>What it said.</returns>
    public async Task<string> RequireAsync(string script, string otherwise, CancellationToken cancel)
    {
        var result = await machine.RunAsync(script, cancel).ConfigureAwait(false);
        if (!result.Succeeded) throw new StepFailedException($"{otherwise}: '{script}' {Ending(result)}{Because(result)}", Said(result));
        return result.Stdout;
    }

    /// <summary>Runs what has DKMS build a package.</summary>
    /// <exception cref="StepSkippedException">The package excludes this kernel.</exception>
    /// <exception cref="StepFailedException">It does not build; the compiler's first error is told.</exception>
    public async Task BuildingAsync(DkmsPackage what, string script, CancellationToken cancel)
    {
        var result = await machine.RunAsync(script, cancel).ConfigureAwait(false);
        var said = Said(result);
        if (result.ExitCode == Excluded || said.Any(line => line.Contains("BUILD_EXCLUSIVE", StringComparison.Ordinal)))
            throw new StepSkippedException($"{DkmsConf.FileName} excludes {kernel}: {said.FirstOrDefault(line => line.Contains("BUILD_EXCLUSIVE", StringComparison.Ordinal)) ?? "BUILD_EXCLUSIVE"}");
        if (!result.Succeeded) throw await BuildFailedAsync(what, script, result, cancel).ConfigureAwait(false);
        if (said.FirstOrDefault(line => line.Contains("bad exit status", StringComparison.Ordinal)) is { } ignored) throw new StepFailedException($"a command of {DkmsConf.FileName} fails, and DKMS does not mind: {ignored}", said);
    }

    async Task<StepFailedException> BuildFailedAsync(DkmsPackage what, string script, CommandResult result, CancellationToken cancel)
    {
        var at = $"/var/lib/dkms/{what.Conf.Name}/{what.Conf.Version}";
        var log = Lines((await machine.RunAsync($"cat {at}/build/make.log {at}/*/*/log/make.log 2>/dev/null", cancel).ConfigureAwait(false)).Stdout);
        var messages = what.Messages(log);
        IReadOnlyList<string> shown = [.. messages.Take(MostLines).Select(message => message.ToString()), .. log.TakeLast(MostLines)];
        if (DkmsPackage.First(messages) is { } first)
            return new StepFailedException(string.Create(CultureInfo.InvariantCulture, $"{what.Conf.Name} {what.Conf.Version} does not compile for {kernel}: {first}{More(messages.Count(message => message.IsError) - 1)}"), shown);
        var made = Lines((await machine.RunAsync($"cd {at}/build && find . -name '*.ko'", cancel).ConfigureAwait(false)).Stdout).Select(path => path[2..]).Order(StringComparer.Ordinal).ToList();
        var missing = what.Conf.Modules.FirstOrDefault(module => !made.Any(path => Path.GetFileName(path) == $"{module.Built}.ko"));
        if (made.Count > 0 && missing is not null) return new StepFailedException($"the build makes {string.Join(" and ", made)} and no {missing.Built}.ko: BUILT_MODULE_NAME in {DkmsConf.FileName} names what the build does not make", shown);
        return new StepFailedException($"{what.Conf.Name} {what.Conf.Version} cannot be built for {kernel}: '{script}' {Ending(result)}{Because(result)}", [.. Said(result), .. shown]);
    }

    /// <summary>The package's state on this kernel must be this one.</summary>
    public async Task ExpectStateAsync(DkmsPackage what, string state, CancellationToken cancel)
    {
        var status = await StatusAsync(cancel).ConfigureAwait(false);
        if (!status.Any(line => Says(line, what.Conf.Version, state))) throw Unexpected(status, [(what.Conf.Version, state)]);
    }

    /// <summary>The package's versions and states on this kernel must be these, and no others.</summary>
    public async Task ExpectAsync(IReadOnlyList<(string Version, string State)> wanted, CancellationToken cancel)
    {
        var status = await StatusAsync(cancel).ConfigureAwait(false);
        if (status.Count != wanted.Count || !wanted.All(one => status.Any(line => Says(line, one.Version, one.State)))) throw Unexpected(status, wanted);
    }

    /// <summary>What dpkg says of the package must be this; nothing where it must not know it.</summary>
    public async Task ExpectPackageAsync(DkmsPackage what, string status, CancellationToken cancel)
    {
        var said = (await machine.RunAsync($"dpkg-query -W -f '${{Status}} ${{Version}}' {what.DebianName} 2>/dev/null", cancel).ConfigureAwait(false)).Stdout.Trim();
        var wanted = status.Length > 0 ? $"{status} {what.DebianVersion}" : "";
        if (said != wanted) throw new StepFailedException($"dpkg says of {what.DebianName} {Quoted(said)}, and {Quoted(wanted)} would be right");
    }

    /// <summary>What there is where DKMS and its packages put things.</summary>
    public async Task<IReadOnlyList<string>> FilesAsync(CancellationToken cancel) => [.. Lines(await RequireAsync(Find, "the guest's files cannot be listed", cancel).ConfigureAwait(false)).Order(StringComparer.Ordinal)];

    async Task<IReadOnlyList<DkmsStatus>> StatusAsync(CancellationToken cancel) =>
        DkmsStatus.Parse(await RequireAsync("dkms status", "DKMS does not tell its status", cancel).ConfigureAwait(false), package);

    bool Says(DkmsStatus line, string version, string state) => line.Version == version && line.State == state && (state == "added" ? line.Kernel.Length == 0 : line.Kernel == kernel);

    static StepFailedException Unexpected(IReadOnlyList<DkmsStatus> status, IReadOnlyList<(string Version, string State)> wanted) =>
        new($"'dkms status' says {(status.Count == 0 ? "nothing of it" : string.Join("; ", status.Select(line => Quoted(line.Text))))}, and {(wanted.Count == 0 ? "nothing of it" : string.Join("; ", wanted.Select(one => $"{one.Version} {one.State}")))} would be right");

    static string Ending(CommandResult result) => result.ExitCode is { } code ? string.Create(CultureInfo.InvariantCulture, $"ends with exit code {code}") : string.Create(CultureInfo.InvariantCulture, $"is ended by signal {result.Signal}");

    // DKMS says what is wrong in lines that begin so; dpkg in its last ones.
    static string Because(CommandResult result)
    {
        var said = Said(result);
        var error = said.SkipWhile(line => !line.StartsWith("Error!", StringComparison.Ordinal)).Take(2).ToList();
        return error.Count > 0 ? $": {string.Join(' ', error)}" : said.Count > 0 ? $": {said[^1]}" : "";
    }

    static string More(int count) => count > 0 ? string.Create(CultureInfo.InvariantCulture, $" (and {count} more)") : "";

    static string Quoted(string text) => text.Length == 0 ? "nothing" : $"'{text}'";

    static List<string> Said(CommandResult result) => Lines($"{result.Stdout}\n{result.Stderr}");

    static List<string> Lines(string text) => [.. text.Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0)];
}
