using Understudy.Pci;

namespace Understudy.Devices.Tests;

public class Rtl8111IdentityTests
{
    readonly MiniDriver _card = new();

    [Fact]
    public void The_driver_finds_an_8168_with_its_memory_behind_BAR_2_and_the_three_capabilities()
    {
        Assert.Equal((0x10EC, 0x8168), (_card.Nic.Identity.Vendor, _card.Nic.Identity.Device));
        Assert.Equal(BarKind.Memory64, _card.Nic.Bars[2]!.Kind);
        Assert.Equal(4096u, _card.Nic.Bars[2]!.Size);
        Assert.Equal([1, 5, 16], _card.Nic.Capabilities.Select(capability => (int)capability.Id));
    }

    [Theory]
    [InlineData(Rtl8111Chip.Rtl8168C, 0x3C0)]
    [InlineData(Rtl8111Chip.Rtl8168Dp, 0x28B)]
    public void The_chip_version_survives_writes_and_resets(Rtl8111Chip chip, int xid)
    {
        var card = new MiniDriver(chip);
        card.W32(0x40, 0x0300_0700);
        Assert.Equal((uint)xid, card.R32(0x40) >> 20 & 0x7CF);
        Assert.Equal(0x0300_0700u, card.R32(0x40) & 0x0300_0700);
        card.ResetChip();
        Assert.Equal((uint)xid, card.R32(0x40) >> 20 & 0x7CF);
        card.Slot.Reset();
        Assert.Equal((uint)chip << 20, (uint)card.Nic.Bars[2]!.Registers[Rtl8111Registers.TxConfig]);
    }

    [Fact]
    public void The_address_reads_octet_by_octet_and_changes_only_while_configuration_is_unlocked()
    {
        Assert.Equal(Frames.Card, Enumerable.Range(0, 6).Select(i => _card.R8(i)));
        _card.W32(0, 0x1111_1111);
        Assert.Equal(Frames.Card, Enumerable.Range(0, 6).Select(i => _card.R8(i)));
        Assert.Contains("config-locked", _card.Checks);
        _card.W8(0x50, 0xC0);
        _card.W32(4, 0x6655);
        _card.W32(0, 0x4433_2202);
        _card.W8(0x50, 0);
        Assert.Equal("02:22:33:44:55:66", _card.Nic.StationAddress.ToString());
        Assert.Equal("02:00:5e:00:53:01", _card.Nic.FactoryAddress.ToString());
    }

    [Fact]
    public void A_PCI_reset_loads_the_address_from_the_EEPROM_again()
    {
        _card.W8(0x50, 0xC0);
        _card.W32(0, 0x4433_2202);
        _card.Slot.Reset();
        Assert.Equal(_card.Nic.FactoryAddress, _card.Nic.StationAddress);
    }

    [Fact]
    public void A_register_dump_reads_every_byte_without_a_finding()
    {
        for (var offset = 0; offset < 256; offset += 4) _card.R32(offset);
        Assert.Empty(_card.Slot.Findings);
    }

    [Fact]
    public void A_station_address_must_be_one_a_station_can_have()
    {
        Assert.Throws<ArgumentException>(() => new Rtl8111(MacAddress.Parse("01:00:5e:00:00:01")));
        Assert.Throws<ArgumentException>(() => new Rtl8111(default(MacAddress)));
        Assert.Contains("six hex octets", Assert.Throws<FormatException>(() => MacAddress.Parse("02:00:5e:00:53")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0x80, 0x80, 0)]
    [InlineData(0x74, 0x74, 0x70)]
    [InlineData(0x68, 0x68, 0x64)]
    [InlineData(0xB4, 0xB4, 0xB0)]
    public void The_side_windows_speak_the_flag_protocol_and_store(int _, int command, int data)
    {
        const uint Flag = 1u << 31;
        var where = command == 0x80 ? 0x03u << 16 : 0x0C0u;
        if (data != 0) _card.W32(data, 0x1234);
        _card.W32(command, Flag | where | (data == 0 ? 0x1234u : 0));
        Assert.NotEqual(0u, _card.R32(command) & Flag);
        _card.Settle();
        Assert.Equal(0u, _card.R32(command) & Flag);
        if (data != 0) _card.W32(data, 0);
        _card.W32(command, where);
        Assert.Equal(0u, _card.R32(command) & Flag);
        _card.Settle();
        Assert.NotEqual(0u, _card.R32(command) & Flag);
        Assert.Equal(0x1234u, _card.R32(data == 0 ? command : data) & 0xFFFF);
    }

    [Fact]
    public void The_chip_reset_clears_itself_after_a_while_and_not_before()
    {
        _card.W8(0x37, 0x10);
        Assert.Equal(0x10, _card.R8(0x37));
        _card.Settle();
        Assert.Equal(0, _card.R8(0x37));
    }
}
