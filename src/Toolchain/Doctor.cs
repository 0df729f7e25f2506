namespace Understudy.Toolchain;

/// <summary>Looks at what is here and what is missing. Changes nothing, fetches nothing, and needs no network.</summary>
public static class Doctor
{
    const string Setup = "understudy setup";
    const long EnoughSpace = 3L << 30;

    /// <summary>All checks, in the order a user would mend them.</summary>
    public static async Task<IReadOnlyList<DoctorCheck>> ExamineAsync(Toolbox toolbox, CancellationToken cancel = default) =>
    [
        Machine(), DotNet(), HostTools(), Mirror(toolbox), Keyring(toolbox), CacheDirectory(toolbox.Cache), DiskSpace(toolbox.Cache),
        Tools(toolbox), Qemu(toolbox), await KernelsAsync(toolbox, cancel).ConfigureAwait(false),
        Suites(toolbox), Kvm(),
    ];

    static DoctorCheck Machine() =>
        OperatingSystem.IsLinux() && System.Runtime.InteropServices.RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.X64
            ? new("machine", CheckState.Ok, "x86-64 Linux")
            : new("machine", CheckState.Missing, "only x86-64 Linux can run the fetched programs");

    static DoctorCheck DotNet() => new(".NET", CheckState.Ok, Environment.Version.ToString());

    static DoctorCheck HostTools()
    {
        (string Program, string Package)[] needed = [("apt-get", "apt"), ("dpkg-deb", "dpkg"), ("flock", "util-linux")];
        var missing = needed.Where(tool => !IsInPath(tool.Program)).ToList();
        return missing.Count == 0
            ? new("host tools", CheckState.Ok, string.Join(", ", needed.Select(tool => tool.Program)))
            : new("host tools", CheckState.Missing, "not in PATH: " + string.Join(", ", missing.Select(tool => tool.Program)),
                "sudo apt-get install " + string.Join(' ', missing.Select(tool => tool.Package)));
    }

    static bool IsInPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => File.Exists(Path.Combine(directory, program)));

    static DoctorCheck Mirror(Toolbox toolbox) => toolbox.Host.FindMirror() is { } mirror
        ? new("Debian mirror", CheckState.Ok, $"{mirror.Archive}, from {mirror.Origin}")
        : new("Debian mirror", CheckState.Missing, $"none is known: {DebianMirror.Variable} is not set and the system names none",
            "sudo apt-get update && sudo apt-get install python-apt-common");

    static DoctorCheck Keyring(Toolbox toolbox) => new DebianKeyring(toolbox.Cache, toolbox.Host).AtHand is { } keyring
        ? new("Debian keyring", CheckState.Ok, keyring)
        : new("Debian keyring", CheckState.Degraded, "not on this machine; setup fetches it with this machine's own apt",
            "sudo apt-get install debian-archive-keyring");

    static DoctorCheck CacheDirectory(UnderstudyCache cache)
    {
        try
        {
            using var probe = File.Create(cache.PathOf("locks", $"probe-{Environment.ProcessId}"), 1, FileOptions.DeleteOnClose);
            return new("cache", CheckState.Ok, cache.Root);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new("cache", CheckState.Missing, $"{cache.Root} cannot be written: {failure.Message}", $"chown -R \"$USER\" {cache.Root}");
        }
    }

    static DoctorCheck DiskSpace(UnderstudyCache cache)
    {
        var free = new DriveInfo(cache.Root).AvailableFreeSpace;
        var detail = $"{free >> 20} MiB free for {cache.Root}";
        return free >= EnoughSpace
            ? new("disk space", CheckState.Ok, detail)
            : new("disk space", CheckState.Degraded, $"{detail}; QEMU and a few kernels take about {EnoughSpace >> 30} GiB",
                "export XDG_CACHE_HOME=/path/on/a/larger/disk");
    }

    static DoctorCheck Tools(Toolbox toolbox) => toolbox.HasTools
        ? new("tools", CheckState.Ok, "busybox, C compiler, depmod and decompressors are in the cache")
        : new("tools", CheckState.Missing, "busybox, C compiler, depmod and decompressors are not fetched yet", Setup);

    static DoctorCheck Qemu(Toolbox toolbox) => toolbox.QemuAtHand is { } qemu
        ? new("QEMU", CheckState.Ok, $"{qemu.Version}, {qemu.Origin}")
        : new("QEMU", CheckState.Missing, $"none that is {QemuInstallation.MinimumVersion} or newer with vfio-user is here yet", Setup);

    static async Task<DoctorCheck> KernelsAsync(Toolbox toolbox, CancellationToken cancel)
    {
        if (toolbox.Kernels.LastRead is not { } read) return new("kernels", CheckState.Missing, "the list was never read", Setup);
        var here = (await toolbox.Kernels.ListAsync(cancel).ConfigureAwait(false)).Where(kernel => kernel.State == KernelState.Installed).ToList();
        var detail = here.Count == 0 ? "none is fetched yet" : string.Join(", ", here.Select(kernel => $"{kernel.Name} ({kernel.Release})"));
        return new("kernels", here.Count == 0 ? CheckState.Missing : CheckState.Ok, $"{detail}; list of {read:yyyy-MM-dd}", here.Count == 0 ? Setup : null);
    }

    static DoctorCheck Suites(Toolbox toolbox) => toolbox.Kernels.Warnings is { Count: > 0 } warnings
        ? new("Debian suites", CheckState.Degraded, string.Join("; ", warnings), Setup)
        : new("Debian suites", CheckState.Ok, "all that were read are verified");

    static DoctorCheck Kvm()
    {
        const string device = "/dev/kvm";
        if (!File.Exists(device)) return new("KVM", CheckState.Degraded, $"there is no {device}: guests run under TCG, slower");
        try
        {
            using var opened = new FileStream(device, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
            return new("KVM", CheckState.Ok, $"{device} can be opened; whether it boots a kernel is tried at the first run");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new("KVM", CheckState.Degraded, $"{device} cannot be opened ({failure.Message}): guests run under TCG, slower",
                "sudo usermod -aG kvm \"$USER\" && newgrp kvm");
        }
    }
}
