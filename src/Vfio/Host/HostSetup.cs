using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Understudy.Vfio;

/// <summary>Makes a machine ready for drivers in user space: what <c>scripts/setup.sh</c> of the kernel's VFIO selftests leaves to the user.</summary>
public static class HostSetup
{
    const string HugePages = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages";

    /// <summary>The modules that VFIO may need; only the first is one it cannot do without.</summary>
    public static IReadOnlyList<string> Modules { get; } = ["vfio-pci", "vfio_iommu_type1", "iommufd"];

    /// <summary>Loads a module of the kernel. Needs root.</summary>
    /// <param name="module">Its name.</param>
    /// <param name="program">What loads it.</param>
    /// <returns>Null, or why it is not loaded.</returns>
    public static string? Load(string module, string program = "modprobe")
    {
        ArgumentException.ThrowIfNullOrEmpty(module);
        if (Directory.Exists($"/sys/module/{module.Replace('-', '_')}")) return null;
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, [module]) { RedirectStandardError = true })!;
            var said = process.StandardError.ReadToEnd().Trim();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : said.Length > 0 ? said.ReplaceLineEndings(" ") : $"{program} {module} ended with status {process.ExitCode}";
        }
        catch (Win32Exception none)
        {
            return $"{program} cannot be started: {none.Message}";
        }
    }

    /// <summary>Has the kernel set pages of 2 MiB aside, for <see cref="Iommu.Allocate"/>. Needs root.</summary>
    /// <param name="count">How many there are to be, at least.</param>
    /// <param name="path">Where the kernel counts them.</param>
    /// <returns>How many there are.</returns>
    /// <exception cref="VfioException">They cannot be had; the message says how many there are.</exception>
    public static int ReserveHugePages(int count, string path = HugePages)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        try
        {
            if (Count(path) < count) File.WriteAllText(path, count.ToString(CultureInfo.InvariantCulture));
            return Count(path) is var there && there >= count ? there : throw new VfioException($"Of {count} huge pages of 2 MiB the kernel has set {there} aside: its memory is full, or in pieces. Fewer may do; while it boots it finds more (hugepages={count}).");
        }
        catch (Exception refused) when (refused is IOException and not VfioException or UnauthorizedAccessException)
        {
            throw new VfioException($"Huge pages cannot be reserved: {refused.Message}. This needs root, and a kernel with CONFIG_HUGETLBFS.");
        }
    }

    static int Count(string path) => int.Parse(File.ReadAllText(path), CultureInfo.InvariantCulture);
}
