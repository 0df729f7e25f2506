using System.Diagnostics;
using System.Text;

namespace Understudy.Guest;

/// <summary>
/// The guest's whole root file system: the agent as /init, busybox with its applets, and the modules a run needs. Written
/// uncompressed, which takes milliseconds here and is unpacked as fast as any compressed form by the kernel.
/// </summary>
public sealed class Initramfs
{
    const UnixFileMode Executable = (UnixFileMode)0b111_101_101;
    const UnixFileMode Plain = (UnixFileMode)0b110_100_100;

    /// <summary>The compiled agent (<see cref="AgentSource"/>), a static executable for the guest's processor.</summary>
    public required string AgentPath { get; init; }

    /// <summary>The release of the kernel that will boot, as <c>uname -r</c> gives it there; it names the folder of the modules.</summary>
    public required string KernelRelease { get; init; }

    /// <summary>A static busybox that also runs on this host (it is asked for its applets), or null for a guest without programs.</summary>
    public string? BusyboxPath { get; init; }

    /// <summary>
    /// Modules the agent loads, in this order, before it looks for its channels; Debian 6.1 needs the virtio ones here.
    /// Uncompressed .ko files for the kernel that will boot.
    /// </summary>
    public IReadOnlyList<string> BootModules { get; init; } = [];

    /// <summary>
    /// Modules that lie ready in the guest and are loaded when somebody asks, uncompressed .ko files. What they depend on must be
    /// here or in <see cref="BootModules"/>: the agent reads <c>depends=</c> and <c>softdep=pre:</c> from the modules themselves.
    /// </summary>
    public IReadOnlyList<string> Modules { get; init; } = [];

    /// <summary>What else is to lie in the guest.</summary>
    public IReadOnlyList<GuestFile> Files { get; init; } = [];

    string ModuleFolder => $"/lib/modules/{KernelRelease}";

    /// <summary>Writes the archive to a file, over whatever was there.</summary>
    /// <exception cref="IOException">A file could not be read, or the archive not be written.</exception>
    public void WriteTo(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16);
        WriteTo(file);
    }

    /// <summary>Writes the archive to a stream, which stays open.</summary>
    /// <exception cref="IOException">A file could not be read, or the archive not be written.</exception>
    public void WriteTo(Stream output)
    {
        using var archive = new CpioArchive(output);
        AddSkeleton(archive);
        AddPrograms(archive);
        AddModules(archive);
        foreach (var file in Files) AddHostFile(archive, file.GuestPath, file.HostPath, file.Mode);
    }

    static void AddSkeleton(CpioArchive archive)
    {
        foreach (var directory in (string[])["/dev", "/proc", "/sys", "/tmp", "/run", "/root", "/etc", "/bin", "/lib/modules", "/usr"])
            archive.AddDirectory(directory);
        // The kernel opens the console before it starts init, and init's first words go to kmsg before devtmpfs is there.
        archive.AddCharacterDevice("/dev/console", (UnixFileMode)0b110_000_000, major: 5, minor: 1);
        archive.AddCharacterDevice("/dev/kmsg", (UnixFileMode)0b110_000_000, major: 1, minor: 11);
        archive.AddCharacterDevice("/dev/null", (UnixFileMode)0b110_110_110, major: 1, minor: 3);
        foreach (var folder in (string[])["/sbin", "/usr/bin", "/usr/sbin"]) archive.AddSymlink(folder, "/bin");
        archive.AddFile("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"u8, Plain);
        archive.AddFile("/etc/group", "root:x:0:\n"u8, Plain);
    }

    void AddPrograms(CpioArchive archive)
    {
        AddHostFile(archive, "/init", AgentPath, Executable);
        string[] agentNames = ["understudy-agent", "device", "modprobe"];
        foreach (var name in agentNames) archive.AddSymlink($"/bin/{name}", "/init");
        if (BusyboxPath is null) return;

        AddHostFile(archive, "/bin/busybox", BusyboxPath, Executable);
        foreach (var applet in AppletsOf(BusyboxPath).Except([.. agentNames, "busybox", "init", "linuxrc"]))
            archive.AddSymlink($"/bin/{applet}", "busybox");
    }

    void AddModules(CpioArchive archive)
    {
        archive.AddDirectory(ModuleFolder);
        string[] modules = [.. BootModules.Concat(Modules).DistinctBy(Path.GetFileName)];
        foreach (var module in modules) AddHostFile(archive, GuestPathOf(module), module, Plain);
        archive.AddFile($"{ModuleFolder}/modules.dep", Encoding.UTF8.GetBytes(ModuleDependencies.FileFor(modules)), Plain);
        var order = string.Concat(BootModules.Select(module => GuestPathOf(module) + "\n"));
        archive.AddFile("/lib/modules/boot-order", Encoding.UTF8.GetBytes(order), Plain);
    }

    string GuestPathOf(string module) => module.EndsWith(".ko", StringComparison.Ordinal)
        ? $"{ModuleFolder}/{Path.GetFileName(module)}"
        : throw new ArgumentException($"{module} is not an uncompressed .ko file; decompress it first", nameof(module));

    static void AddHostFile(CpioArchive archive, string guestPath, string hostPath, UnixFileMode? mode)
    {
        using var content = new FileStream(hostPath, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        archive.AddFile(guestPath, content, mode ?? File.GetUnixFileMode(hostPath));
    }

    static string[] AppletsOf(string busybox)
    {
        using var process = Process.Start(new ProcessStartInfo(busybox, ["--list"]) { RedirectStandardOutput = true })
            ?? throw new IOException($"{busybox} did not start");
        var applets = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        process.WaitForExit();
        return process.ExitCode == 0 && applets.Length > 0
            ? applets
            : throw new IOException($"'{busybox} --list' named no applets (exit code {process.ExitCode}); it must be a busybox that runs on this host");
    }
}
