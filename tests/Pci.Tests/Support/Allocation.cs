using System.Runtime;

namespace Understudy.Pci.Tests;

/// <summary>Counts what one piece of code allocates. A collection started by anybody else charges the thread for the unused rest of its
/// allocation context, so these tests run alone and without collections.</summary>
[CollectionDefinition(nameof(Allocation), DisableParallelization = true)]
public sealed class Allocation
{
    public static long Of(Action action)
    {
        Assert.True(GC.TryStartNoGCRegion(64 << 20));
        var before = GC.GetAllocatedBytesForCurrentThread();
        action();
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        // Whoever allocates that much has ended the region, and has been counted.
        if (GCSettings.LatencyMode == GCLatencyMode.NoGCRegion) GC.EndNoGCRegion();
        return allocated;
    }
}
