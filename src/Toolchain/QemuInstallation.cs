using System.Diagnostics;

namespace Understudy.Toolchain;

/// <summary>A QEMU for x86-64 that can host models over vfio-user: 11.1 or newer, with the <c>vfio-user-pci</c> device.</summary>
public sealed class QemuInstallation
{
    /// <summary>The oldest QEMU whose vfio-user client works with this bench.</summary>
    public static readonly Version MinimumVersion = new(11, 1);

    readonly IReadOnlyList<string> _dataDirectories;

    internal QemuInstallation(
        string executable, IReadOnlyList<string> prefixArguments, IReadOnlyDictionary<string, string> environment,
        string version, string origin, IReadOnlyList<string> dataDirectories)
    {
        Executable = executable;
        PrefixArguments = prefixArguments;
        Environment = environment;
        Version = version;
        Origin = origin;
        _dataDirectories = dataDirectories;
    }

    /// <summary>The file to execute: QEMU itself, or the dynamic loader of the private prefix it was unpacked into.</summary>
    public string Executable { get; }

    /// <summary>What goes before QEMU's own arguments: nothing for the system's QEMU, else the loader's arguments, QEMU and its data directories.</summary>
    public IReadOnlyList<string> PrefixArguments { get; }

    /// <summary>Variables to add to the environment, such as where QEMU's loadable modules are.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>The version as QEMU or its package says it: "11.1.3", "1:11.1.3+ds-1~bpo13+1".</summary>
    public string Version { get; }

    /// <summary>Where it is from, for the record of a run: "system" or "debian trixie-backports 1:11.1.3+ds-1~bpo13+1".</summary>
    public string Origin { get; }

    /// <summary>The path of a firmware file that QEMU ships, such as <c>qboot.rom</c> or <c>bios-256k.bin</c>.</summary>
    /// <exception cref="ToolchainException">This QEMU does not have it.</exception>
    public string FirmwarePath(string fileName) =>
        _dataDirectories.Select(directory => Path.Combine(directory, fileName)).FirstOrDefault(File.Exists) ??
        throw new ToolchainException(ToolchainProblem.BadFile,
            $"QEMU ({Origin}) has no firmware file '{fileName}' in {string.Join(" or ", _dataDirectories)}. " +
            "Check the name; for the system's QEMU, install its data package (qemu-system-data).");

    /// <summary>How to start this QEMU with the given arguments. Redirections and working directory are the caller's to set.</summary>
    public ProcessStartInfo StartInfo(IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Executable, [.. PrefixArguments, .. arguments]) { UseShellExecute = false };
        foreach (var (name, value) in Environment) start.Environment[name] = value;
        return start;
    }
}
