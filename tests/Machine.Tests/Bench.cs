using System.Collections.Concurrent;
using Understudy.Runner;
using Understudy.Toolchain;

// One test at a time: two would only make each other late.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
[assembly: TestCollectionOrderer(typeof(Understudy.Machine.Tests.CompiledKernelsLast))]

namespace Understudy.Machine.Tests;

/// <summary>What all tests boot from; provisioned by the first that needs it.</summary>
static class Bench
{
    static readonly ConcurrentDictionary<string, Task<Lab>> s_labs = new();

    public static Toolbox Toolbox { get; } = new(UnderstudyCache.Open());

    /// <summary>How long anything may take that must happen.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(60);

    /// <summary>The lab for a kernel; skips the test when there is no network to fetch it by.</summary>
    public static async Task<Lab> LabAsync(string kernel)
    {
        try
        {
            return await s_labs.GetOrAdd(kernel, name => Lab.OpenAsync(Toolbox, new LabRequest(name)));
        }
        catch (ToolchainException offline) when (offline.Problem is ToolchainProblem.Offline or ToolchainProblem.NoMirror)
        {
            Assert.Skip($"{kernel} or what boots it is not here and cannot be fetched: {offline.Message}");
            throw;
        }
    }

    /// <summary>A program of ours for the guest, compiled.</summary>
    public static async Task<byte[]> ProgramAsync(string name)
        => await File.ReadAllBytesAsync(await Toolbox.CompileAsync([Path.Combine(AppContext.BaseDirectory, "Programs", name + ".c")]));

    /// <summary>Process ids of the QEMUs that a process of ours started.</summary>
    public static IReadOnlyList<int> QemusOf(int process)
        => [.. Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => int.TryParse(name, out _)).Select(name => int.Parse(name!)).Where(id => id != process && SocketsOf(id, process))];

    static bool SocketsOf(int id, int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/cmdline").Contains($"/understudy-{process}-", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;   // it has just ended
        }
    }

    /// <summary>Completes when a process has ended.</summary>
    public static async Task GoneAsync(int process)
    {
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        using var limit = new CancellationTokenSource(Patience);
        while (File.Exists($"/proc/{process}/stat") && !File.ReadAllText($"/proc/{process}/stat").Contains(") Z ", StringComparison.Ordinal))
            await poll.WaitForNextTickAsync(limit.Token);
    }
}
