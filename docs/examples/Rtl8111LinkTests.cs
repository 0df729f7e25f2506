using Understudy.Pci;

namespace Examples;

public sealed class Rtl8111LinkTests
{
    [Fact]
    public void Plugging_in_the_cable_interrupts_once_and_says_why()
    {
        var bus = new LoopbackBus();
        var trace = new TraceRecorder();
        var slot = new PciSlot<Rtl8111Link>(bus, new Rtl8111Link(), [trace]);
        slot.WriteConfig(0x04, [0x06, 0x00]);                       // Memory Space and Bus Master Enable
        slot.WriteConfig(0x42, [0x01, 0x00]);                       // MSI Enable

        slot.Write(2, 0x3C, [0x20, 0x00]);                          // the driver: IntrMask = LinkChange
        slot.Do(nic => nic.CablePluggedIn = true);

        Assert.Equal(1, bus.Interrupts[0]);
        Assert.Contains("-- Stimulus: nic => nic.CablePluggedIn = true", trace.ToString());
        Span<byte> both = stackalloc byte[4];
        slot.Read(2, 0x3C, both);                                   // one dword over two 16-bit registers
        Assert.Equal([0x20, 0x00, 0x20, 0x00], both.ToArray());
    }
}
