namespace Understudy.Machine.Tests;

/// <summary>What this process holds of what a run could leave behind.</summary>
/// <param name="Descriptors">Open files, pipes and sockets; not the assemblies, which the runtime opens when it first needs them.</param>
/// <param name="Sockets">Sockets among them.</param>
/// <param name="Children">Processes it has started that have not ended, or that nobody has waited for.</param>
/// <param name="Threads">Its threads.</param>
/// <param name="Files">Files and directories where sockets, drafts and locks are, output left out.</param>
/// <param name="Managed">Managed bytes that are in use.</param>
/// <param name="Resident">Resident bytes.</param>
sealed record Footprint(IReadOnlyList<string> Descriptors, int Sockets, int Children, int Threads, int Files, long Managed, long Resident)
{
    /// <summary>Looks, when garbage and what ends by itself are gone.</summary>
    /// <param name="places">Directories nobody else uses meanwhile.</param>
    public static Footprint Take(params IEnumerable<string> places)
    {
        for (var round = 0; round < 3; round++)
        {
            GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }
        var links = new DirectoryInfo("/proc/self/fd").EnumerateFileSystemInfos().Select(entry => entry.LinkTarget ?? "")
            .Where(target => !target.EndsWith("/fd", StringComparison.Ordinal) && !target.EndsWith(".dll", StringComparison.Ordinal)).ToList();
        return new Footprint(links, links.Count(target => target.StartsWith("socket:", StringComparison.Ordinal)), ChildrenOf(Environment.ProcessId), Directory.EnumerateDirectories("/proc/self/task").Count(),
            places.Where(Directory.Exists).Sum(place => Directory.EnumerateFileSystemEntries(place, "*", SearchOption.AllDirectories).Count()), GC.GetTotalMemory(forceFullCollection: false), Status("VmRSS"));
    }

    /// <summary>What has grown since, in words; empty when nothing has.</summary>
    /// <param name="before">Taken after a warm-up.</param>
    /// <param name="tests">Tests since then. What a summary remembers of each is not growth: a few kilobytes.</param>
    public IEnumerable<string> GrownSince(Footprint before, int tests)
    {
        const long megabyte = 1 << 20, pooled = 4 * megabyte, remembered = 8 << 10;
        if (Descriptors.Count > before.Descriptors.Count)
            yield return $"descriptors from {before.Descriptors.Count} to {Descriptors.Count}: now {string.Join(' ', Descriptors.Order())}; before {string.Join(' ', before.Descriptors.Order())}";
        if (Sockets > before.Sockets) yield return $"sockets from {before.Sockets} to {Sockets}";
        if (Children > before.Children) yield return $"child processes from {before.Children} to {Children}";
        if (Files > before.Files) yield return $"files from {before.Files} to {Files}";
        // Threads of the pool come and go; a thread a test would not go.
        if (Threads > before.Threads + Math.Max(8, tests / 10)) yield return $"threads from {before.Threads} to {Threads}";
        if (Managed > before.Managed + pooled + tests * remembered) yield return $"managed memory from {before.Managed >> 10} to {Managed >> 10} KiB";
        // The runtime compiles and its allocator hoards for long after a warm-up.
        if (Resident > before.Resident + 32 * megabyte) yield return $"resident memory from {before.Resident >> 10} to {Resident >> 10} KiB";
    }

    /// <summary>One line of a table.</summary>
    public override string ToString()
        => $"{Descriptors.Count,4} descriptors {Sockets,3} sockets {Children,2} children {Threads,3} threads {Files,3} files {Managed >> 10,7} KiB managed {Resident >> 10,7} KiB resident";

    static int ChildrenOf(int process) => Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Count(name => int.TryParse(name, out _) && ParentOf(name) == process);

    // proc(5), /proc/pid/stat: the name in brackets may hold anything, the parent is the second field after it.
    static int ParentOf(string process)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{process}/stat");
            return int.Parse(text[(text.LastIndexOf(')') + 2)..].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;   // it has just ended
        }
    }

    static long Status(string key) => 1024 * File.ReadLines("/proc/self/status").Where(line => line.StartsWith(key, StringComparison.Ordinal))
        .Select(line => long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture)).First();
}
