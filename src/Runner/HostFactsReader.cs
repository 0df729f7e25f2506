using System.Runtime.InteropServices;
using Understudy.Verdict;

namespace Understudy.Runner;

/// <summary>Reads what a run's record says of the machine it ran on.</summary>
static class HostFactsReader
{
    public static HostFacts Read() => new(
        Line("/etc/os-release", "PRETTY_NAME=").Trim('"'), Environment.OSVersion.Version.ToString(), Line("/proc/cpuinfo", "model name").TrimStart('\t', ':', ' '),
        Environment.ProcessorCount, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, RuntimeInformation.FrameworkDescription);

    static string Line(string file, string start)
        => File.Exists(file) ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith(start, StringComparison.Ordinal))?[start.Length..] ?? "unknown" : "unknown";
}
