using System.Collections.Concurrent;
using Understudy.Pci;
using Understudy.Runner;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Testing;

/// <summary>What driver tests stand on: toolbox, kernels, boards, guests that booted once and are restored for each test. A fixture of xUnit,
/// best shared by a whole assembly (<c>[assembly: AssemblyFixture(typeof(Lab))]</c>); tests may use it at the same time.</summary>
public sealed class Lab : IAsyncDisposable
{
    readonly ConcurrentDictionary<string, Lazy<Task<Runner.Lab>>> _labs = [];
    readonly Lazy<Toolbox> _toolbox = new(() => new Toolbox(UnderstudyCache.Open()));

    /// <summary>Plans a rig with a device in it.</summary>
    /// <param name="model">The device, new and in no machine yet.</param>
    /// <param name="card">The test's hand on it, from <see cref="RigPlan.StartAsync"/> on.</param>
    /// <param name="name">What it answers to in the guest, as in <c>device nic cable off</c>; its role in the catalog, or <c>card</c>, unless told.</param>
    /// <exception cref="ArgumentException">The name is not a letter, then letters, digits, <c>-</c>, <c>_</c> and <c>.</c></exception>
    public RigPlan Plug<T>(T model, out Card<T> card, string? name = null) where T : PciDevice => new RigPlan(this).Plug(model, out card, name);

    /// <summary>Starts a rig with the devices that the test's attribute names, if any. See <see cref="RigPlan.StartAsync"/>.</summary>
    public Task<Rig> StartAsync() => new RigPlan(this).StartAsync();

    /// <summary>Writes the matrix of what ran, where no runner does.</summary>
    public ValueTask DisposeAsync()
    {
        if (TestVariables.Output is { } output && Directory.Exists(output)) MatrixReport.Write(RunSummary.Read(output), Path.Combine(output, "matrix.html"));
        return ValueTask.CompletedTask;
    }

    /// <summary>The lab for a kernel; opened by the first to ask, and again where that failed.</summary>
    internal async Task<Runner.Lab> OpenAsync(string kernel, CancellationToken cancel)
    {
        // Others may wait for the same kernel: who gives up does not take it from them.
        var opening = _labs.GetOrAdd(kernel, name => new Lazy<Task<Runner.Lab>>(() => Runner.Lab.OpenAsync(_toolbox.Value, Request(name), CancellationToken.None)));
        try
        {
            return await opening.Value.WaitAsync(cancel).ConfigureAwait(false);
        }
        catch when (opening.Value.IsFaulted)
        {
            _labs.TryRemove(KeyValuePair.Create(kernel, opening));
            throw;
        }
    }

    static LabRequest Request(string kernel) => new(kernel, kernel.Contains('/', StringComparison.Ordinal) ? TestVariables.Modules : null, TestVariables.Board);
}
