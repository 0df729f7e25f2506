namespace Understudy.Pci.Tests;

[Collection(nameof(Allocation))]
public class AllocationTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void No_access_allocates(bool intercepted)
    {
        var faults = new FaultInjector();
        var bus = new LoopbackBus();
        var slot = new PciSlot<Nic>(bus, new Nic(), intercepted ? [new TraceRecorder(), new BusChecker(), faults] : null).Enable();
        if (intercepted)
        {
            faults.Add(FaultRule.Parse("mmio-read MAC.IntrStatus every=3 -> flip 0x1"));
            faults.Add(FaultRule.Parse("irq 0 every=7 -> drop"));
            foreach (var rule in (string[])["mmio-read MAC.Mystery.Mystery -> stuck 1", "dma-write Descriptor len=4 every=5 -> fail", "any * nth=2000000000 -> remove",
                "config-read Config.Command p=0.5 -> becomes 7", "mmio-write MAC.Doorbell from=1us to=1s -> duplicate"])
                faults.Add(FaultRule.Parse(rule));
        }
        slot.SetConfig(slot.Find(5) + 2, 1, 2);
        Drive(slot, bus, 2_000);
        Assert.Equal(0, Allocation.Of(() => Drive(slot, bus, 100_000)));
        Assert.True(bus.Interrupts[0] > 50_000);
    }

    // An access of every kind: registers whole and in part, configuration space, refused ones, a doorbell, its timer, DMA and interrupt.
    static void Drive(PciSlot slot, LoopbackBus bus, int rounds)
    {
        for (var i = 0; i < rounds; i++)
        {
            slot.Write16(2, 0x3C, 0xFFFF);
            slot.Write32(2, 0x40, 0x1000);
            bus.Time.Advance(1000);
            slot.Read32(2, 0x3C);
            slot.Write16(2, 0x3E, 0xFFFF);
            slot.Write32(2, 0x54, (uint)i);
            slot.Config(4);
            slot.Read32(2, 0x80);
            slot.Read32(5, 0);
            slot.Write32(2, 0x1000, 0);
        }
    }

    [Fact]
    public void Pin_and_table_interrupts_allocate_nothing()
    {
        var bus = new LoopbackBus();
        InterruptLine[] lines = [];
        var slot = new PciSlot(bus, new Gadget(g =>
        {
            g.AddIntx();
            g.AddBar(0, new RegisterMap("Space", 0x1000));
            g.Add(new Msix(8, 0, 0, 0x800));
            lines = [.. Enumerable.Range(0, 8).Select(g.Line)];
        }), [new TraceRecorder(), new BusChecker()]).Enable();
        var control = slot.Find(0x11) + 2;
        void Drive(int rounds)
        {
            for (var i = 0; i < rounds; i++)
            {
                slot.SetConfig(control, i % 2 == 0 ? 0x8000u : 0, 2);
                slot.Write32(0, 0x1C, (uint)i >> 1 & 1);
                foreach (var line in lines) line.Set(true);
                foreach (var line in lines) line.Set(false);
            }
        }
        Drive(2_000);
        Assert.Equal(0, Allocation.Of(() => Drive(20_000)));
    }

    [Fact]
    public void Named_values_allocate_nothing()
    {
        var file = new RegisterFile(Nic.Mac.Map);
        void Drive(int rounds)
        {
            for (var i = 0; i < rounds; i++)
                if (file.Get(Nic.Mac.LinkSpeed) == Nic.Speed.Off) file.Set(Nic.Mac.LinkSpeed, Nic.Speed.Fast);
                else file.Set(Nic.Mac.LinkSpeed, Nic.Speed.Off);
        }
        Drive(1000);
        Assert.Equal(0, Allocation.Of(() => Drive(10_000)));
    }

    [Fact]
    public void Re_arming_a_timer_leaves_nothing_behind()
    {
        var gadget = new Gadget();
        _ = new PciSlot(new LoopbackBus(), gadget);
        var far = gadget.NewTimer(() => { }, "far");
        void Drive(int rounds)
        {
            for (var i = 0; i < rounds; i++) far.Arm(1_000_000_000);
            for (var i = 0; i < rounds; i++) { far.Cancel(); far.Arm(5); }
        }
        Drive(1000);
        Assert.Equal(0, Allocation.Of(() => Drive(100_000)));
    }
}
