using System.Runtime.InteropServices;

namespace Understudy.Pci.Tests;

public class DmaTests
{
    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    readonly record struct Descriptor(uint Low, uint Owner, uint High);

    readonly LoopbackBus _bus = new(4096);

    [Fact]
    public void Structures_go_both_ways()
    {
        var gadget = new Gadget();
        new PciSlot(_bus, gadget).Enable();
        Assert.True(gadget.Memory.Write(16, new Descriptor(1, 2, 3)));
        Assert.True(gadget.Memory.Read(16, out Descriptor back));
        Assert.Equal(new Descriptor(1, 2, 3), back);
        Assert.Equal([1, 0, 0, 0, 2, 0, 0, 0, 3], _bus.Memory.Slice(16, 9).ToArray());
    }

    [Theory]
    [InlineData(0, 4, "write 0x104 0200000003000000|write 0x100 01000000")]
    [InlineData(4, 4, "write 0x100 01000000|write 0x108 03000000|write 0x104 02000000")]
    [InlineData(8, 4, "write 0x100 0100000002000000|write 0x108 03000000")]
    [InlineData(7, 1, "write 0x100 01000000020000|write 0x108 03000000|write 0x107 00")]
    [InlineData(0, 12, "write 0x100 010000000200000003000000")]
    public void A_descriptors_owner_word_goes_last(int owner, int bytes, string order)
    {
        var bus = new TestBus();
        var gadget = new Gadget();
        new PciSlot(bus, gadget).Enable();
        Assert.True(gadget.Memory.Publish(0x100, new Descriptor(1, 2, 3), owner, bytes));
        Assert.Equal(order.Split('|'), bus.Seen);
    }

    [Fact]
    public void Everything_is_written_before_the_interrupt()
    {
        var log = new List<string>();
        var slot = new PciSlot<Nic>(_bus, new Nic(), [new Watcher("w", log)]).Enable();
        slot.SetConfig(slot.Find(5) + 2, 1, 2);
        slot.Write16(2, 0x3C, 1);
        slot.Write32(2, 0x40, 0x200);
        log.Clear();
        _bus.Time.Advance(1000);
        Assert.Equal(["w#Timer Transmit", "w>DmaWrite", "w<DmaWrite Ok", "w>DmaWrite", "w<DmaWrite Ok", "w>Interrupt", "w<Interrupt Ok"], log);
        Assert.Equal([0, 0, 0, 0x80, 64, 0], _bus.Memory.Slice(0x200, 6).ToArray());
    }

    [Theory]
    [InlineData(4092UL, 8)]
    [InlineData(4097UL, 0)]
    [InlineData(ulong.MaxValue, 1)]
    [InlineData(ulong.MaxValue - 3, 8)]
    public void Unmapped_memory_fails_reads_as_ones_and_is_a_finding_once(ulong address, int bytes)
    {
        var gadget = new Gadget();
        var slot = new PciSlot(_bus, gadget).Enable();
        var data = new byte[bytes];
        Assert.False(gadget.Memory.Read(address, data));
        Assert.All(data, b => Assert.Equal(0xFF, b));
        Assert.False(gadget.Memory.Write(address, data));
        Assert.Equal("dma-unmapped", Assert.Single(slot.Findings).Check);
    }

    [Fact]
    public void Without_bus_mastering_nothing_moves()
    {
        var gadget = new Gadget();
        var slot = new PciSlot(_bus, gadget).Enable(command: 3);
        Assert.False(gadget.Memory.Write<uint>(0, 0xDEAD));
        Assert.False(gadget.Memory.Read(0, out uint _));
        Assert.Equal(0, _bus.Memory[0]);
        Assert.Equal("dma-without-bus-master", Assert.Single(slot.Findings).Check);
    }

    [Fact]
    public void A_device_is_told_each_time_it_may_master_the_bus_again()
    {
        var told = 0;
        var gadget = new Gadget(g => g.Add(new PowerManagement())) { WhenBusMaster = () => told++ };
        var slot = new PciSlot(_bus, gadget);
        void Told(int offset, uint value, int expected, int bytes = 1)
        {
            slot.SetConfig(offset, value, bytes);
            Assert.Equal(expected, told);
        }
        Told(4, 2, 0);
        Told(4, 6, 1);
        Told(4, 0x406, 1, bytes: 2);
        Told(4, 2, 1);
        Told(4, 6, 2);
        var control = slot.Find(0x01) + 4;
        Told(control, 3, 2);
        Told(control, 0, 3);
        slot.Reset();
        Told(4, 6, 4);
    }

    [Fact]
    public void A_failed_body_keeps_the_owner_word_back()
    {
        var faults = new FaultInjector();
        var gadget = new Gadget();
        new PciSlot(_bus, gadget, [faults]).Enable();
        faults.Add(FaultRule.Parse("dma-write * nth=1 -> fail"));
        Assert.False(gadget.Memory.Publish(0, new Descriptor(1, 2, 3), 4));
        Assert.Equal(new byte[12], _bus.Memory[..12].ToArray());
    }

    [Fact]
    public void A_device_does_not_learn_of_a_lost_posted_write_and_does_learn_of_a_lost_read()
    {
        var faults = new FaultInjector();
        var gadget = new Gadget();
        new PciSlot(_bus, gadget, [faults]).Enable();
        faults.Add(FaultRule.Parse("dma-write * -> drop"));
        faults.Add(FaultRule.Parse("dma-read * -> drop"));
        Assert.True(gadget.Memory.Write<uint>(0, 0xDEAD));
        Assert.Equal(0, _bus.Memory[0]);
        Assert.False(gadget.Memory.Read(0, out uint value));
        Assert.Equal(uint.MaxValue, value);
    }

    [Fact]
    public void A_device_outside_a_slot_says_so()
        => Assert.Throws<InvalidOperationException>(() => new Gadget().Memory.Write<uint>(0, 1));
}
