using Understudy.Pci;

namespace Understudy.Devices.Tests;

/// <summary>Every fault at every touch of a little traffic: the model must survive them all, and work again once they are over.</summary>
public class Rtl8111FaultTests
{
    readonly CatalogEntry _entry = Catalog.Find("rtl8111");

    (MiniDriver Card, FaultInjector Faults, Listener Wire) Plug()
    {
        var (wire, faults) = (new Listener(), new FaultInjector { Orders = (model, words) => _entry.Act(model, words) });
        return (new MiniDriver(wire: wire, seed: 7, interceptors: faults).Open(), faults, wire);
    }

    // Without a look at what comes back: who is faulted here reads ones, or lies.
    static void Drive(MiniDriver card)
    {
        var status = new byte[2];
        for (var i = 0; i < 3; i++)
        {
            card.Queue(Frames.FromCard(100), segments: 2);
            card.Doorbell();
            card.FromWire(Frames.ToCard(100));
            card.Settle();
            card.Slot.Read(2, 0x3E, status);
            card.W16(0x3E, status[0]);
            card.Slot.ReadConfig(0, status);
        }
        card.Slot.Reset();
        card.Settle();
    }

    IReadOnlyList<TouchPoint> Touches()
    {
        var (card, faults, _) = Plug();
        faults.CountTouches = true;
        Drive(card);
        return faults.Touches;
    }

    [Theory]
    [InlineData(FaultClass.Legal)]
    [InlineData(FaultClass.Hostile)]
    public void The_card_survives_every_fault_at_every_touch_and_works_again(FaultClass by)
    {
        var touches = Touches();
        Assert.InRange(touches.Count, 30, 200);
        for (var n = 1; n <= touches.Count; n++)
            foreach (var sample in FaultCatalog.For(touches[n - 1].Op).Where(form => form.Class == by).SelectMany(form => form.Samples))
                Survive(FaultRule.Parse($"any * nth={n} -> {sample}"));
    }

    [Fact]
    public void Orders_can_be_given_at_every_touch()
    {
        for (var n = 1; n <= Touches().Count; n++)
            foreach (var order in (string[])["cable off", "fail-tx", "stall-tx", "phy hang", "overflow-rx 2", "corrupt-rx"]) Survive(FaultRule.Parse($"any * nth={n} -> do {order}"));
    }

    [Fact]
    public void Random_faults_all_at_once_do_no_harm()
    {
        var (card, faults, _) = Plug();
        foreach (var form in FaultCatalog.All.Where(form => form.Kind is not (FaultKind.Remove or FaultKind.FlrHang)))
            foreach (var sample in form.Samples.Where(sample => sample is not { Kind: FaultKind.LinkDown, Value: 0 }))
                faults.Add(FaultRule.Parse($"any * p=0.02 -> {sample}"));
        for (var i = 0; i < 200; i++)
        {
            Drive(card);
            card.Probe();
            card.W32(0x20, (uint)MiniDriver.TxRing);
            card.W32(0xE4, (uint)MiniDriver.RxRing);
            card.W8(0x37, 0x0C);
            card.W16(0x3C, 0xFFFF);
        }
        Assert.All(faults.Tallies, tally => Assert.True(tally.Matched > 0));
        Assert.DoesNotContain("model-crashed", card.Checks);
    }

    void Survive(FaultRule rule)
    {
        var (card, faults, wire) = Plug();
        faults.Add(rule);
        Drive(card);
        Assert.True(faults.Tallies[0].Struck == 1 || rule.Effect.Form.Lasts, $"{rule} never struck");
        faults.Clear();
        card.Settle();
        card.Slot.Reset();
        card.Slot.Do(nic => nic.PhyHangs = false);
        card.Probe();
        card.Bus.Memory.Slice((int)MiniDriver.TxRing, 0x1000).Clear();
        card.Open();
        wire.Frames.Clear();
        card.Send(Frames.FromCard(64));
        Assert.True(wire.Frames.Count == 1 && card.Interrupts == 1, $"after {rule}: {wire.Frames.Count} frames, {card.Interrupts} interrupts");
        Assert.DoesNotContain("model-crashed", card.Checks);
    }
}
