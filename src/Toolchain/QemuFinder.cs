using System.Text.RegularExpressions;

namespace Understudy.Toolchain;

/// <summary>What asking the system's QEMU brought, valid while the file is the same.</summary>
sealed record SystemQemuStamp(string Path, long Size, DateTime Modified, string Version, bool IsUsable);

/// <summary>Finds the system's QEMU where it is good enough, else provides Debian's in a prefix.</summary>
sealed partial class QemuFinder(UnderstudyCache cache, PrefixShelf shelf, HostLayout host)
{
    const string Program = "usr/bin/qemu-system-x86_64";
    const string Unknown = "0.0";

    static readonly PrefixRecipe Recipe = new("qemu", "QEMU", ["qemu-system-x86"], [], "qemu-system-x86", DebianSuites.Backports);

    [GeneratedRegex(@"version (\d+\.\d+(\.\d+)?)")]
    private static partial Regex VersionLine();

    /// <summary>The QEMU to use, found by reading at most two small files; null when it has to be asked or fetched.</summary>
    public QemuInstallation? AtHand()
    {
        var system = SystemFile();
        var known = system is null ? null : Known(system);
        if (system is not null && known is null) return null;
        return known is { IsUsable: true } ? OfSystem(known) : shelf.InUse(Recipe) is { } prefix ? OfPrefix(prefix) : null;
    }

    public async Task<QemuInstallation> EnsureAsync(bool refresh, Provisioning step, CancellationToken cancel)
    {
        if (!refresh && AtHand() is { } found) return found;
        if (SystemFile() is { } system && await AskAsync(system, cancel).ConfigureAwait(false) is { IsUsable: true } usable) return OfSystem(usable);
        var prefix = refresh
            ? await shelf.RefreshAsync(Recipe, step, cancel).ConfigureAwait(false)
            : await shelf.EnsureAsync(Recipe, step, cancel).ConfigureAwait(false);
        return OfPrefix(prefix);
    }

    /// <summary>A QEMU somebody names: a path, or a program on the PATH.</summary>
    public async Task<QemuInstallation> NamedAsync(string program, CancellationToken cancel)
    {
        var file = Named(program) ?? throw new ToolchainException(ToolchainProblem.UnknownName,
            $"There is no QEMU '{program}'{(program.Contains('/', StringComparison.Ordinal) ? "" : " on the PATH")}. Expected the path of a qemu-system-x86_64, or the name of one on the PATH.");
        if ((File.GetUnixFileMode(file.FullName) & UnixFileMode.UserExecute) == 0) throw new ToolchainException(ToolchainProblem.BadFile, $"{file.FullName} is not executable, and should be a qemu-system-x86_64.");
        var stamp = await LookAtAsync(file, cancel).ConfigureAwait(false);
        if (!stamp.IsUsable)
            throw new ToolchainException(ToolchainProblem.BadFile, stamp.Version == Unknown
                ? $"{file.FullName} is no QEMU: asked for its version, it gives none. Expected a qemu-system-x86_64."
                : $"{file.FullName} is QEMU {stamp.Version}; expected {QemuInstallation.MinimumVersion} or newer with the device vfio-user-pci. Name a newer one, or none and have ours.");
        var beside = file.Directory!.FullName;
        string[] data = [Path.Combine(beside, "../share/qemu"), Path.Combine(beside, "../share/seabios"), Path.Combine(beside, "qemu-bundle/usr/local/share/qemu"), host.At("usr/share/qemu"), host.At("usr/share/seabios")];
        return new QemuInstallation(stamp.Path, [], new Dictionary<string, string>(), stamp.Version, stamp.Path, data);
    }

    static FileInfo? Named(string program) => program.Contains('/', StringComparison.Ordinal)
        ? new FileInfo(Path.GetFullPath(program)) is { Exists: true } file ? file : null
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(directory => new FileInfo(Path.Combine(directory, program))).FirstOrDefault(candidate => candidate.Exists);

    FileInfo? SystemFile() => new FileInfo(host.At(Program)) is { Exists: true } file ? file : null;

    string StampPath => cache.PathOf("system-qemu.json");

    SystemQemuStamp? Known(FileInfo file) =>
        CacheJson.Read(StampPath, CacheJson.Default.SystemQemuStamp) is { } known && known.Path == file.FullName &&
        known.Size == file.Length && known.Modified == file.LastWriteTimeUtc
            ? known
            : null;

    async Task<SystemQemuStamp> AskAsync(FileInfo file, CancellationToken cancel)
    {
        if (Known(file) is { } known) return known;
        var stamp = await LookAtAsync(file, cancel).ConfigureAwait(false);
        CacheJson.Write(cache, StampPath, stamp, CacheJson.Default.SystemQemuStamp);
        return stamp;
    }

    static async Task<SystemQemuStamp> LookAtAsync(FileInfo file, CancellationToken cancel)
    {
        var version = await HostProcess.RunAsync(new HostCommand(file.FullName, ["--version"]), cancel).ConfigureAwait(false);
        var devices = await HostProcess.RunAsync(new HostCommand(file.FullName, ["-device", "help"]), cancel).ConfigureAwait(false);
        var number = VersionLine().Match(version.Output) is { Success: true } match ? match.Groups[1].Value : Unknown;
        var isUsable = Version.Parse(number) >= QemuInstallation.MinimumVersion &&
            devices.Output.Contains("\"vfio-user-pci\"", StringComparison.Ordinal);
        return new SystemQemuStamp(file.FullName, file.Length, file.LastWriteTimeUtc, number, isUsable);
    }

    QemuInstallation OfSystem(SystemQemuStamp stamp) => new(
        stamp.Path, [], new Dictionary<string, string>(), stamp.Version, "system",
        [host.At("usr/share/qemu"), host.At("usr/share/seabios"), host.At("usr/share/ovmf")]);

    static QemuInstallation OfPrefix(Prefix prefix)
    {
        string[] data = [prefix.At("usr/share/qemu"), prefix.At("usr/share/seabios")];
        var command = prefix.Command(Program, [.. data.SelectMany(directory => new[] { "-L", directory })]);
        var modules = new Dictionary<string, string> { ["QEMU_MODULE_DIR"] = Path.Combine(prefix.Library, "qemu") };
        return new QemuInstallation(
            command.FileName, command.Arguments, modules, prefix.Stamp.Version,
            $"debian {DebianSuites.Backports} {prefix.Stamp.Version}", data);
    }
}
