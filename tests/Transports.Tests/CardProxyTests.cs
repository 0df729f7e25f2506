using Understudy.Devices;
using Understudy.Linux;
using Understudy.Pci;
using Understudy.Runner;
using Understudy.Transports.VfioUser;
using Understudy.Verdict;
using Understudy.Vfio;

namespace Understudy.Transports.Tests;

/// <summary>A card that a machine drives through us: here a model is the card, and a scripted client the machine.</summary>
public sealed class CardProxyTests : IDisposable
{
    const ulong IntrCtrl = 0x03, ChanCtrl = 0x80, DmaCount = 0x86, ChainAddr = 0x90;     // of an I/OAT and its first channel
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("understudy-proxy-");
    readonly Iommu _iommu = Iommu.Open(IommuMode.Model);

    public void Dispose()
    {
        _iommu.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task What_a_machine_says_to_a_card_and_hears_from_it_is_a_run_that_the_model_replays()
    {
        using var card = VfioDevice.Open(new PciIdio16(), _iommu);
        using var proxy = new CardProxy(card, new PciIdio16());
        var verdict = await WatchAsync(proxy, "pci-idio-16", client =>
        {
            Assert.Equal(0x0DC8_494Fu, client.Read32(7, 0));
            client.Enable();
            client.Write(2, 0, [0xA5]);
            client.Write(2, 4, [0x5A]);
            Assert.Equal([0xA5], client.Read(2, 0, 1));
            Assert.Equal([0x5A], client.Read(2, 4, 1));
        });
        Assert.True(verdict.Outcome == Outcome.Pass, $"{verdict}");
        var lines = File.ReadAllLines(Path.Combine(Run, "trace.jsonl"));
        Assert.Contains(lines, line => line.Contains("MmioWrite", StringComparison.Ordinal) && line.Contains("0xa5", StringComparison.Ordinal));
        var replay = DeviceRecordings.Replay(DeviceRecordings.In(Run)["card"]);
        Assert.True(replay.End == ReplayEnd.Equal, $"{replay}");
    }

    [Fact]
    public async Task An_interrupt_of_the_card_reaches_the_machine_and_comes_again_once_the_driver_has_dealt_with_it()
    {
        using var card = VfioDevice.Open(new PciIdio16(), _iommu);
        using var proxy = new CardProxy(card);
        await WatchAsync(proxy, "pci-idio-16", client =>
        {
            client.Enable();
            using var pin = client.Install(0, 0);
            client.Read(2, 2, 1);                                        // enables interrupts
            Level(card, high: true);
            Assert.True(pin.WaitReadable(s_patience));
            Assert.Equal(1UL, pin.Take());
            client.Write(2, 1, [0]);                                     // clears it, and the machine lets the pin go
            client.Call(8, ScriptedClient.Irqs(0x11, 0, 0, 1));
            Level(card, high: false);
            Assert.True(pin.WaitReadable(s_patience));
        });
    }

    [Fact]
    public async Task The_card_copies_the_machines_own_memory_and_signals_by_the_vector_that_the_machine_enabled()
    {
        using var card = VfioDevice.Open(new Ioat(), _iommu);
        using var proxy = new CardProxy(card, new Ioat());
        using var file = FileDescriptor.CreateMemory("guest", 1 << 20);
        file.SealAgainstShrinking();
        using var memory = SharedMapping.Map(file, 0, 1 << 20, writable: true);
        await WatchAsync(proxy, "ioat", client =>
        {
            client.Call(2, ScriptedClient.Map(0x10_0000, 1 << 20), file);
            client.Enable();
            Assert.True(card.BusMaster);
            client.Write(7, (ulong)proxy.Capabilities.OfType<Msix>().Single().Offset + 2, [0x00, 0x80]);
            using var vector = client.Install(2, 0);
            memory.Write(0x1000, "carried"u8);
            memory.Write(0, ScriptedClient.Bytes(64, 1u, 0x10_1000UL, 0x10_2000UL, 0x10_0000UL, new byte[32]));     // 64 bytes, interrupt at the end
            client.Write(0, IntrCtrl, [0x08]);
            client.Write(0, ChainAddr, ScriptedClient.Bytes(0x10_0000UL));
            client.Write(0, ChanCtrl, ScriptedClient.Bytes((ushort)1));
            client.Write(0, DmaCount, ScriptedClient.Bytes((ushort)1));
            Assert.True(vector.WaitReadable(s_patience), "no interrupt");
            var carried = new byte[7];
            memory.Read(0x2000, carried);
            Assert.Equal("carried"u8.ToArray(), carried);
            client.Call(3, ScriptedClient.Unmap(0x10_0000, 1 << 20));
            Assert.Empty(_iommu.Mapped);
        });
        Assert.False(card.BusMaster);
    }

    string Run => Path.Combine(_folder.FullName, "run");

    static void Level(VfioDevice card, bool high) => card.Slot!.Stimulate("input", io => { ((PciIdio16)io).SetInput(3, high); return 0; });

    async Task<RunVerdict> WatchAsync(CardProxy proxy, string model, Action<ScriptedClient> machine)
    {
        using var stop = new CancellationTokenSource();
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var watch = new DeviceWatch(Run, "understudy vfio record", "card", model) { SocketDirectory = Path.Combine(_folder.FullName, "s"), Memory = new Reach(proxy) };
        var run = watch.RunAsync(proxy, [proxy.Watcher], new Silent(), _ => ready.SetResult(), stop.Token);
        await Task.WhenAny(ready.Task, run);
        if (run.IsCompleted) await run;
        try
        {
            await Task.Run(() =>
            {
                using var client = new ScriptedClient(Path.Combine(_folder.FullName, "s", "card.sock")).Hello();
                machine(client);
            });
        }
        finally
        {
            await stop.CancelAsync();
            await run;
            proxy.Dispose();
        }
        return await run;
    }

    sealed class Reach(CardProxy proxy) : IMachineMemory
    {
        public void Mapped(ulong address, ulong bytes, FileDescriptor? file, ulong offset, bool writable) => proxy.Map(address, SharedMapping.Map(file!, offset, bytes, writable));

        public void Unmapped(ulong first, ulong last) => proxy.Unmap(first, last);
    }

    sealed class Silent : IRunObserver
    {
        public void Began(StepRecord step)
        {
        }

        public void Says(string text) => TestContext.Current.SendDiagnosticMessage(text);

        public void Ended(StepRecord step)
        {
        }
    }
}
