using System.Globalization;

namespace Understudy.Verdict;

/// <summary>What a kernel has of its memory in use for itself, in bytes (Documentation/filesystems/proc.rst, meminfo).</summary>
/// <param name="Slab">In the caches of kmalloc and its kind, by whole pages.</param>
/// <param name="Vmalloc">In pages mapped by vmalloc, modules among them.</param>
/// <param name="Pages">In pages that nothing accounts for: what drivers took from the page allocator.</param>
public sealed record KernelMemory(long Slab, long Vmalloc, long Pages)
{
    static readonly string[] s_accounted = ["MemFree", "Buffers", "Cached", "AnonPages", "Slab", "KernelStack", "PageTables", "VmallocUsed", "Percpu"];

    /// <summary>Reads <c>/proc/meminfo</c>.</summary>
    /// <exception cref="FormatException">A line that is needed is not there.</exception>
    public static KernelMemory Parse(string meminfo)
    {
        var bytes = new Dictionary<string, long>();
        foreach (var line in meminfo.Split('\n'))
        {
            var words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words is [var name, var number, "kB"] && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var kilobytes))
                bytes[name.TrimEnd(':')] = kilobytes * 1024;
        }
        long Of(string name) => bytes.TryGetValue(name, out var value) ? value : throw new FormatException($"/proc/meminfo has no line {name}");
        return new(Of("Slab"), Of("VmallocUsed"), Of("MemTotal") - s_accounted.Sum(name => bytes.GetValueOrDefault(name)));
    }
}
