using Xunit.Sdk;
using Xunit.v3;

namespace Understudy.Machine.Tests;

/// <summary>Tests on kernels that are compiled for them come last: <c>./test</c> has them compiled beside the others.</summary>
public sealed class CompiledKernelsLast : ITestCollectionOrderer
{
    static readonly string[] s_last = ["Uml", "VirtualTime", "Sweep", "DriverCoverage", "Debugger"];

    /// <inheritdoc/>
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections) where TTestCollection : ITestCollection
        => [.. testCollections.OrderBy(collection => s_last.Any(name => collection.TestCollectionDisplayName.Contains($".{name}", StringComparison.Ordinal))).ThenBy(collection => collection.UniqueID, StringComparer.Ordinal)];
}
