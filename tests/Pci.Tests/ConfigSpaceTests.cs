namespace Understudy.Pci.Tests;

public class ConfigSpaceTests
{
    static PciSlot Plug(Action<Gadget> build) => new(new LoopbackBus(), new Gadget(build));

    static RegisterMap Space(int size) => new("Space", size);

    [Fact]
    public void The_header_says_who_the_function_is()
    {
        var slot = Plug(g => g.AddIntx(2));
        Assert.Equal(0x5678_1234u, slot.Config(0x00));
        Assert.Equal(0x0200_0006u, slot.Config(0x08));
        Assert.Equal(0u, slot.Config(0x0E, 1));
        Assert.Equal(0xEF01_ABCDu, slot.Config(0x2C));
        Assert.Equal(2u, slot.Config(0x3D, 1));
        Assert.Equal(0u, slot.Config(0x34, 1));
        Assert.Equal(0u, slot.Config(0x06, 2));
        Assert.Equal(0u, slot.Config(0x100));
    }

    [Theory]
    [InlineData(BarKind.Memory32, 1, 16u)]
    [InlineData(BarKind.Memory32, 256, 256u)]
    [InlineData(BarKind.Memory32, 4097, 8192u)]
    [InlineData(BarKind.Memory32, 1 << 30, 1u << 30)]
    [InlineData(BarKind.Memory64, 16384, 16384u)]
    [InlineData(BarKind.Memory64, int.MaxValue, 1u << 31)]
    [InlineData(BarKind.Io, 1, 4u)]
    [InlineData(BarKind.Io, 256, 256u)]
    public void A_BAR_answers_sizing_as_the_specification_says(BarKind kind, int bytes, uint size)
    {
        var slot = Plug(g => g.AddBar(0, Space(bytes), kind, prefetchable: kind == BarKind.Memory64));
        var type = kind switch { BarKind.Io => 1u, BarKind.Memory64 => 0xCu, _ => 0u };
        slot.SetConfig(0x10, 0xFFFF_FFFF);
        Assert.Equal(~(size - 1) | type, slot.Config(0x10));
        slot.SetConfig(0x14, 0xFFFF_FFFF);
        Assert.Equal(kind == BarKind.Memory64 ? 0xFFFF_FFFF : 0, slot.Config(0x14));
        slot.SetConfig(0x10, 0);
        Assert.Equal(type, slot.Config(0x10));
        Assert.Equal(0u, slot.Config(0x18));
    }

    [Theory]
    [InlineData(100, 2048u)]
    [InlineData(65536, 65536u)]
    [InlineData(65537, 131072u)]
    public void The_ROM_is_sized_enabled_and_read_only(int bytes, uint size)
    {
        var image = new byte[bytes];
        (image[0], image[1], image[^1]) = (0x55, 0xAA, 0x77);
        var slot = Plug(g => g.AddRom(image)).Enable();
        slot.SetConfig(0x30, 0xFFFF_F800);
        Assert.Equal(~(size - 1), slot.Config(0x30));
        Assert.Equal(0xFFFF_FFFFu, slot.Read32(6, 0));
        slot.SetConfig(0x30, 0xFE00_0001);
        Assert.Equal(0xFE00_0001u & ~(size - 1) | 1, slot.Config(0x30));
        Assert.Equal(0xAA55u, slot.Read16(6, 0));
        Assert.Equal(0u, slot.Read16(6, size - 2) & (bytes == size ? 0xFFu : 0xFFFF));
        Assert.Equal(BusStatus.Ok, slot.Write32(6, 0, 0));
        slot.Reset();
        slot.Enable().SetConfig(0x30, 1);
        Assert.Equal(0xAA55u, slot.Read16(6, 0));
        Assert.Equal(0x77UL, slot.Read(6, (ulong)bytes - 1, 1));
    }

    public static TheoryData<string, Action<Gadget>> WrongDeclarations => new()
    {
        { "no Memory32 BAR 6", g => g.AddBar(6, Space(16)) },
        { "no Memory64 BAR 5", g => g.AddBar(5, Space(16), BarKind.Memory64) },
        { "no Rom BAR 0", g => g.AddBar(0, Space(16), BarKind.Rom) },
        { "no Io BAR -1", g => g.AddBar(-1, Space(16), BarKind.Io) },
        { "BAR 1 is already taken", g => { g.AddBar(1, Space(16)); g.AddBar(1, Space(16)); } },
        { "BAR 1 is already taken", g => { g.AddBar(0, Space(16), BarKind.Memory64); g.AddBar(1, Space(16)); } },
        { "needs BAR 1", g => { g.AddBar(1, Space(16)); g.AddBar(0, Space(16), BarKind.Memory64); } },
        { "prefetchable", g => g.AddBar(0, Space(16), BarKind.Io, prefetchable: true) },
        { "needs contents", g => g.AddRom([]) },
        { "already has Msi", g => { g.Add(new Msi()); g.Add(new Msi(2)); } },
        { "not 3", g => g.Add(new Msi(3)) },
        { "INTx pins", g => g.AddIntx(5) },
        { "not 2049", g => g.Add(new Msix(2049, 0, 0, 0x8000)) },
        { "multiple of 8", g => g.Add(new Msix(1, 0, 4, 16)) },
        { "lie in the MSI-X table", g => g.Add(new Msix(16, 0, 0, 0xF8)) },
        { "does not cover MsixTable", g => g.Add(new Msix(1, 0, 0, 16)) },
        { "does not cover MsixPending", g => { g.AddBar(0, Space(256)); g.Add(new Msix(16, 0, 0, 256)); } },
        { "overlaps Taken", g => { var map = Space(256); map.R32(0xFC, name: "Taken"); g.AddBar(0, map); g.Add(new Msix(2, 0, 0, 0xF8)); } },
        { "must lie in a memory BAR", g => { g.AddBar(0, Space(256), BarKind.Io); g.Add(new Msix(2, 0, 0, 64)); } },
        { "Vectors are", g => g.Line(2048) },
    };

    [Theory]
    [MemberData(nameof(WrongDeclarations))]
    public void A_device_that_cannot_be_built_is_refused(string says, Action<Gadget> build)
        => Assert.Contains(says, Assert.ThrowsAny<ArgumentException>(() => Plug(build)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_device_stays_in_its_slot()
    {
        var nic = new Nic();
        _ = new PciSlot(new LoopbackBus(), nic);
        Assert.Throws<InvalidOperationException>(() => new PciSlot(new LoopbackBus(), nic));
    }

    [Fact]
    public void Command_gates_what_the_function_decodes()
    {
        var map = Space(16);
        map.R32(0, reset: 0x1122_3344, name: "Id");
        var slot = Plug(g => { g.AddBar(0, map); g.AddBar(1, map, BarKind.Io); });
        var data = new byte[4];
        Assert.Equal(BusStatus.UnsupportedRequest, slot.Read(0, 0, data));
        Assert.Equal([0xFF, 0xFF, 0xFF, 0xFF], data);
        Assert.Equal(BusStatus.UnsupportedRequest, slot.Write(0, 0, data));

        slot.Enable(2);
        Assert.Equal(0x1122_3344u, slot.Read32(0, 0));
        Assert.Equal(0xFFFF_FFFFu, slot.Read32(1, 0));
        slot.Enable(1);
        Assert.Equal(0xFFFF_FFFFu, slot.Read32(0, 0));
        Assert.Equal(0x1122_3344u, slot.Read32(1, 0));
        Assert.Equal(["access-while-off"], slot.Findings.Select(f => f.Check).Distinct());
    }

    [Fact]
    public void Reserved_command_bits_stay_zero_and_status_errors_clear_by_ones()
    {
        var slot = Plug(_ => { });
        slot.SetConfig(0x04, 0xFFFF_FFFF);
        Assert.Equal(0x0000_0547u, slot.Config(0x04));
        slot.SetConfig(0x00, 0);
        slot.SetConfig(0x08, 0);
        Assert.Equal(0x5678_1234u, slot.Config(0x00));
        Assert.Equal(0x0200_0006u, slot.Config(0x08));
    }

    [Fact]
    public void The_capability_list_is_linked_and_ends()
    {
        var slot = Plug(g =>
        {
            g.AddBar(0, Space(4096));
            g.Add(new PowerManagement());
            g.Add(new Msi(4, perVectorMask: true));
            g.Add(new PciExpress());
            g.Add(new Msix(8, 0, 0, 0x800));
        });
        Assert.Equal(0x10u, slot.Config(0x06, 2));
        Assert.Equal((0x40, 0x48, 0x60, 0x9C, 0), (slot.Find(1), slot.Find(5), slot.Find(0x10), slot.Find(0x11), slot.Find(9)));
        Assert.Equal(0x11, (int)slot.Config(0x9C, 1));
        Assert.Equal(0u, slot.Config(0x9D, 1));
        Assert.Equal(0xC803u, slot.Config(0x42, 2));
        Assert.Equal(0x0184u, slot.Config(0x4A, 2));
        Assert.Equal(7u, slot.Config(0x9E, 2));
        Assert.Equal(0x800u, slot.Config(0xA4));
        Assert.Equal((4, 8), (slot.MsiVectors, slot.MsixVectors));
    }

    [Fact]
    public void D3hot_takes_memory_and_mastering_away_and_keeps_the_registers()
    {
        var bus = new LoopbackBus();
        var slot = new PciSlot<Nic>(bus, new Nic()).Enable();
        slot.Write16(2, 0x3C, 0xFFFF);
        var pm = slot.Find(1);
        slot.SetConfig(pm + 4, 3, 2);
        Assert.Equal(0x000Bu, slot.Config(pm + 4, 2));
        Assert.Equal(0xFFFFu, slot.Read16(2, 0x3C));
        Assert.Equal(0x10ECu, slot.Config(0, 2));
        slot.SetConfig(pm + 4, 0, 2);
        Assert.Equal(0xFFFFu, slot.Read16(2, 0x3C));
        slot.Write16(2, 0x3C, 0x1234);
        Assert.Equal(0x1234u, slot.Read16(2, 0x3C));
    }

    [Fact]
    public void A_power_state_the_function_does_not_have_is_not_entered()
    {
        var slot = new PciSlot(new LoopbackBus(), new Nic()).Enable();
        var pm = slot.Find(1);
        foreach (var state in (uint[])[1, 2])
        {
            slot.SetConfig(pm + 4, state | 0x100, 2);
            Assert.Equal(0x108u, slot.Config(pm + 4, 2));
            Assert.Equal(0u, slot.Read16(2, 0x3C));
        }
    }

    [Fact]
    public void INTx_is_silent_in_D3hot_and_speaks_again_in_D0()
    {
        var bus = new LoopbackBus();
        var slot = new PciSlot<Nic>(bus, new Nic()).Enable();
        slot.Write16(2, 0x3C, 0xFFFF);
        slot.Do(nic => nic.ChangeLink());
        var pm = slot.Find(1);
        Assert.True(bus.Intx);
        slot.SetConfig(pm + 4, 3, 2);
        Assert.False(bus.Intx);
        slot.SetConfig(pm + 4, 0, 2);
        Assert.True(bus.Intx);
    }

    [Fact]
    public void The_PCI_Express_capability_describes_a_trained_x1_link()
    {
        var slot = Plug(g => g.Add(new PciExpress()));
        var at = slot.Find(0x10);
        Assert.Equal(0x0002u, slot.Config(at + 2, 2));                  // version 2, endpoint
        Assert.Equal(1u << 28 | 1u << 15, slot.Config(at + 4));         // FLR, role-based errors, 128-byte payload
        Assert.Equal(0x2810u, slot.Config(at + 8, 2));                  // 512-byte reads
        var link = slot.Config(at + 0x0C);
        Assert.Equal((1u, 1u, 0u, 1u), (link & 0xF, link >> 4 & 0x3F, link >> 10 & 3, link >> 22 & 1)); // speed, width, no ASPM, said rightly
        Assert.Equal(0x1011u, slot.Config(at + 0x12, 2));
        Assert.Equal(2u, slot.Config(at + 0x2C));
        slot.SetConfig(at + 0x10, 0xFFFF, 2);
        Assert.Equal(0x03CBu, slot.Config(at + 0x10, 2));               // no link disable, no retrain: those are a port's
        slot.SetConfig(at + 0x0A, 0xFFFF, 2);
        Assert.Equal(0u, slot.Config(at + 0x0A, 2));
    }

    [Fact]
    public void A_function_level_reset_resets_all_but_what_the_link_agreed_on()
    {
        var bus = new LoopbackBus();
        var resets = 0;
        var slot = new PciSlot<Nic>(bus, new Nic { WhenReset = () => resets++ }).Enable();
        var at = slot.Find(0x10);
        slot.SetConfig(at + 0x10, 0x43, 2);
        slot.SetConfig(0x18, 0xFE00_0000);
        slot.Write16(2, 0x3C, 0xFFFF);
        slot.Write32(2, 0x40, 0x1000);
        slot.SetConfig(at + 8, 0x8000 | 0x2810 | 1 << 5, 2);

        Assert.Equal(1, resets);
        Assert.Equal(0x2830u, slot.Config(at + 8, 2));
        Assert.Equal(0x40u, slot.Config(at + 0x10, 2));
        Assert.Equal(0u, slot.Config(0x04, 2));
        Assert.Equal(0u, slot.Config(0x18));
        Assert.Equal(0, bus.Time.Advance(1_000_000));
        Assert.Equal(0u, slot.Enable().Read16(2, 0x3C));
    }

    [Fact]
    public void Without_FLR_the_bit_does_nothing()
    {
        var resets = 0;
        var slot = Plug(g => { g.Add(new PciExpress(functionLevelReset: false)); g.WhenReset = () => resets++; });
        slot.SetConfig(slot.Find(0x10) + 8, 0x8000, 2);
        Assert.Equal(0, resets);
        Assert.Equal(1u << 15, slot.Config(slot.Find(0x10) + 4));
    }

    [Theory]
    [InlineData(4096, 1)]
    [InlineData(4095, 2)]
    [InlineData(-4, 4)]
    [InlineData(-2, 4)]
    [InlineData(int.MinValue, 4)]
    [InlineData(int.MaxValue, 4)]
    public void Outside_configuration_space_there_is_nothing(int offset, int bytes)
    {
        var slot = Plug(_ => { });
        var data = new byte[bytes];
        Assert.Equal(BusStatus.UnsupportedRequest, slot.ReadConfig(offset, data));
        Assert.All(data, b => Assert.Equal(0xFF, b));
        Assert.Equal(BusStatus.UnsupportedRequest, slot.WriteConfig(offset, data));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(258)]
    [InlineData(-1)]
    public void A_BAR_that_is_not_there_answers_all_ones(int bar)
    {
        var slot = Plug(g => { g.AddBar(0, Space(16)); g.AddBar(2, Space(16)); }).Enable();
        Assert.Equal(0xFFFF_FFFFu, slot.Read32(bar, 0));
        Assert.Equal(BusStatus.UnsupportedRequest, slot.Write32(bar, 0, 0));
    }
}
