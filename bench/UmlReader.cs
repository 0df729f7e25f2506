using Understudy.Boards;
using Understudy.Runner;

namespace Understudy.Bench;

/// <summary>A guest of User Mode Linux whose module times its own register reads.</summary>
sealed class UmlReader : IAsyncDisposable
{
    readonly IMachine _machine;
    string _attribute = "";

    UmlReader(IMachine machine) => _machine = machine;

    public static async Task<UmlReader> BootAsync(Lab lab, string module, CancellationToken cancel)
    {
        var reader = new UmlReader(lab.Board.Assemble(new BootSpec(lab.Kernel)));
        try
        {
            await reader.LoadAsync(module, cancel);
            return reader;
        }
        catch
        {
            await reader.DisposeAsync();
            throw;
        }
    }

    async Task LoadAsync(string module, CancellationToken cancel)
    {
        _machine.Pci.Plug(new BenchCard(), "card");
        await _machine.PowerOnAsync(cancel);
        var path = $"/{Path.GetFileName(module)}";
        await _machine.Guest.PushAsync(path, await File.ReadAllBytesAsync(module, cancel), cancellation: cancel);
        await _machine.Guest.LoadModuleAsync(path, cancellation: cancel);
        _attribute = $"/sys{(await _machine.Guest.WaitForDeviceAsync("DRIVER=understudy_bench", cancel))["DEVPATH"]}/read_ns";
    }

    /// <summary>Minimum, p50, p90, p99 and mean, in nanoseconds.</summary>
    public async Task<double[]> ReadAsync(CancellationToken cancel)
    {
        var result = await _machine.Guest.ExecuteAsync(["cat", _attribute], cancellation: cancel);
        return result.Succeeded ? Workshop.Figures(result.Stdout) : throw new InvalidOperationException($"{_attribute}: {result.Stderr}");
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
