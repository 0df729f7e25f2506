namespace Understudy.Pci.Tests;

[Collection(nameof(Allocation))]
public class CoverageTests
{
    readonly LoopbackBus _bus = new();
    readonly DeviceCoverage _coverage = new();

    PciSlot<Nic> Plug(params BusInterceptor[] behind) => new PciSlot<Nic>(_bus, new Nic(), [_coverage, .. behind]).Enable();

    RegisterCoverage Of(string name) => Assert.Single(_coverage.Registers, register => register.Name == name);

    FieldCoverage Field(string register, string name) => Assert.Single(Of(register).Fields, field => field.Name == name);

    [Fact]
    public void Registers_are_counted_and_those_never_met_are_there_too()
    {
        var slot = Plug();
        slot.Read32(2, 0x3C);
        slot.Write16(2, 0x3C, 1);
        Assert.Equal((1, 1), (Of("MAC.IntrMask").Reads, Of("MAC.IntrMask").Writes));
        Assert.Equal((1, 0), (Of("MAC.IntrStatus").Reads, Of("MAC.IntrStatus").Writes));
        Assert.Equal((0, 0), (Of("MAC.Doorbell").Reads, Of("MAC.Doorbell").Writes));
        Assert.Equal(1, Of("Config.Command").Writes);
    }

    [Fact]
    public void Values_of_fields_are_met_by_name()
    {
        var slot = Plug();
        slot.Write8(2, 0x37, 3);
        slot.Write8(2, 0x37, 3);
        Assert.Equal(["Off", "Slow", "Fast"], Field("MAC.ChipCmd", "LinkSpeed").Values);
        Assert.Equal(["Fast"], Field("MAC.ChipCmd", "LinkSpeed").Met);
        slot.Write8(2, 0x37, 0);
        Assert.Equal(["Off", "Fast"], Field("MAC.ChipCmd", "LinkSpeed").Met);
        Assert.Equal(["0"], Field("MAC.ChipCmd", "SoftReset").Met);
        slot.Write32(2, 0x40, 0x1000);
        Assert.Equal(["0", "other"], Field("MAC.Doorbell", "Address").Values);
        Assert.Equal(["other"], Field("MAC.Doorbell", "Address").Met);
    }

    [Fact]
    public void A_part_of_a_field_is_no_value_of_it_and_comes_again_as_a_whole()
    {
        var slot = Plug();
        slot.Write8(2, 0x40, 0);
        Assert.Empty(Field("MAC.Doorbell", "Address").Met);
        slot.Write32(2, 0x40, 0);
        Assert.Equal(["0"], Field("MAC.Doorbell", "Address").Met);
    }

    [Fact]
    public void An_array_is_one_register()
    {
        var map = new RegisterMap("Chip", 0x100);
        map.Array(0, 8, name: "Ring").ReadWrite();
        var inner = new RegisterMap("Inner", 0x10);
        inner.R32(0, name: "Deep").ReadWrite();
        map.Include(0x40, inner, "Block");
        var slot = new PciSlot(_bus, new Gadget(g => g.AddBar(0, map)), [_coverage]).Enable();
        slot.Write32(0, 4, 1);
        slot.Write32(0, 8, 0);
        slot.Read32(0, 0x40);
        Assert.Equal(2, Of("Chip.Ring[]").Writes);
        Assert.Equal(1, Of("Chip.Block.Deep").Reads);
    }

    [Fact]
    public void Interrupts_that_arrive_count_and_those_a_fault_drops_do_not()
    {
        var faults = new FaultInjector();
        var slot = Plug(faults);
        slot.SetConfig(slot.Find(5) + 2, 1, 2);
        slot.Write16(2, 0x3C, 0xFFFF);
        slot.Do(nic => nic.ChangeLink());
        faults.Add(FaultRule.Parse("irq 0 -> drop"));
        slot.Write16(2, 0x3E, 0xFFFF);
        slot.Do(nic => nic.ChangeLink());
        Assert.Equal([("INTx", 0L), ("vector 0", 1L)], _coverage.Interrupts);
    }

    [Fact]
    public void Capabilities_are_met_by_their_registers_and_not_by_a_copy_of_all()
    {
        var slot = Plug();
        Span<byte> all = stackalloc byte[256];
        slot.ReadConfig(0, all);
        Assert.All(_coverage.Capabilities, capability => Assert.False(capability.Read));
        var msi = slot.Find(5);
        slot.SetConfig(msi + 2, 1, 2);
        Assert.Equal([("PowerManagement", true, false), ("Msi", true, true), ("PciExpress", false, false)], _coverage.Capabilities);
    }

    [Fact]
    public void Remembering_allocates_nothing()
    {
        var slot = Plug();
        void Drive(int rounds)
        {
            for (var i = 0; i < rounds; i++)
            {
                slot.Write8(2, 0x37, (uint)i & 3);
                slot.Read32(2, 0x3C);
                slot.Write32(2, 0x40, (uint)i);
                slot.Config(4);
            }
        }
        Drive(2000);
        Assert.Equal(0, Allocation.Of(() => Drive(50_000)));
    }
}
