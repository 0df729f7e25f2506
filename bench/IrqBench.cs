namespace Understudy.Bench;

/// <summary>How long a driver waits between ringing a doorbell and its interrupt handler.</summary>
sealed class IrqBench(Workshop workshop) : IBench
{
    const int RoundCount = 15;
    const double MostRatio = 1.5;

    public string Name => "irq";

    public string What => "p50 from a register write to the MSI handler in the guest, against a register read by the same module";

    public async Task<IReadOnlyList<Measurement>> RunAsync(CancellationToken cancel)
    {
        var lab = await workshop.OpenLabAsync(Workshop.Kernel, cancel);
        var module = await workshop.ModuleAsync(lab.Kernel, cancel);
        await using var guest = await BenchGuest.BootAsync(workshop, cancel);
        await guest.Agent.PushAsync($"/{Path.GetFileName(module)}", await File.ReadAllBytesAsync(module, cancel), cancellation: cancel);
        await guest.Agent.LoadModuleAsync($"/{Path.GetFileName(module)}", cancellation: cancel);
        var device = await guest.Agent.WaitForDeviceAsync("DRIVER=understudy_bench", cancel);
        var peer = new Series("MMIO read, p50", "ns");
        var interrupt = new Series("write to interrupt handler, p50", "ns");
        for (var round = 0; round < RoundCount; round++)
        {
            peer.Add(await P50(device, "read_ns"));
            interrupt.Add(await P50(device, "irq_ns"));
        }
        return [peer.Line(), interrupt.Against(peer, $"<= {MostRatio}x", ratio => ratio <= MostRatio)];

        async Task<double> P50(IReadOnlyDictionary<string, string> device, string attribute)
            => MmioReadBench.P50(await guest.RunAsync(["cat", $"/sys{device["DEVPATH"]}/{attribute}"], cancel));
    }
}
