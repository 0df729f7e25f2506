using Understudy.Devices;
using Understudy.Guest;
using Understudy.Pci;

namespace Understudy.Runner.Tests;

/// <summary>What a guest, or a person, may say about faults.</summary>
public sealed class DeviceConsoleTests
{
    readonly DeviceConsole _console = new();
    readonly PciSlot _slot;

    public DeviceConsoleTests()
    {
        var entry = Catalog.Find("rtl8111");
        var (trace, faults) = (new TraceRecorder(64), new FaultInjector());
        _slot = new PciSlot(new LoopbackBus(), entry.Create(), [trace, faults]);
        _console.Add("nic", entry, _slot, trace, faults);
        _slot.WriteConfig(0x04, [0x06, 0x00]);
    }

    string Say(params string[] words) => _console.Answer(new DeviceCommand("nic", words)).Text;

    ushort Status()
    {
        var data = new byte[2];
        _slot.Read(2, 0x3E, data);
        return BitConverter.ToUInt16(data);
    }

    [Fact]
    public void A_rule_strikes_and_says_how_often()
    {
        Assert.Equal("mmio-read RTL8111.IntrStatus nth=2 -> timeout\n", Say("fault", "mmio-read RTL8111.IntrStatus nth=2 -> timeout"));
        Assert.Equal([0, 0xFFFF, 0], [Status(), Status(), Status()]);
        Assert.Equal("mmio-read RTL8111.IntrStatus nth=2 -> timeout  (matched 3, struck 1)\n", Say("fault"));
        Assert.Equal("no faults\n", Say("fault", "clear"));
    }

    [Fact]
    public void Faults_sleep_until_they_are_armed()
    {
        Say("fault", "mmio-read * armed -> fail");
        Assert.Equal(0, Status());
        Assert.Equal("faults are armed\n", Say("fault", "arm"));
        Assert.Equal(0xFFFF, Status());
        Say("fault", "disarm");
        Assert.Equal(0, Status());
    }

    [Theory]
    [InlineData("irq 0 -> do dance", "'dance' is no order of rtl8111; it has status; cable on|off")]
    [InlineData("mmio-read RTL8111.IntrStats -> drop", "did you mean RTL8111.IntrStatus")]
    [InlineData("irq 0 nth=4 every=3 -> drop", "can never strike")]
    public void A_wrong_rule_is_answered_with_what_would_be_right(string rule, string says)
    {
        Assert.Contains(says, Say("fault", rule), StringComparison.Ordinal);
        Assert.Contains(says, Assert.Throws<FormatException>(() => _console.Fault(rule)).Message, StringComparison.Ordinal);
        Assert.Equal("", Say("fault"));
    }

    [Fact]
    public void A_line_may_name_its_device()
    {
        Assert.Equal("fault of 'nic': irq 0 -> drop", _console.Fault("nic: irq 0 -> drop"));
        Assert.Equal("fault of 'nic': irq 1 after=\"link: up\" -> drop", _console.Fault("irq 1 after=\"link: up\" -> drop"));
        Assert.Contains("there is nic", Assert.Throws<FormatException>(() => _console.Fault("disk: irq 0 -> drop")).Message, StringComparison.Ordinal);
    }
}
