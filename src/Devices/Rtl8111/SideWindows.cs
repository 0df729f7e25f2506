using Understudy.Pci;
using static Understudy.Devices.Rtl8111Registers;

namespace Understudy.Devices;

/// <summary>The PCIe PHY (EPHYAR), the extended registers (ERIAR), configuration space by the back door (CSIAR) and the management processor
/// (OCPAR): all store what is written, and none of it means anything here.</summary>
sealed class SideWindows
{
    const uint EphyRegister = 0x1F_0000;
    readonly Dictionary<(int Window, uint Address), uint> _stored = [];
    readonly IndirectPort[] _ports;

    public SideWindows(RegisterFile registers)
        => _ports =
        [
            new IndirectPort(registers, Ephyar, c => _stored[(0, c & EphyRegister)] = c & 0xFFFF,
                c => (c & EphyRegister) | _stored.GetValueOrDefault((0, c & EphyRegister))),
            Window(1, registers, Eriar, Eridr, mask: 0x3_0FFF),
            Window(2, registers, Csiar, Csidr, mask: 0xFFF),
            Window(3, registers, Ocpar, Ocpdr, mask: 0xFFF),
        ];

    public void PluggedIn(Func<Action, string, DeviceTimer> timer)
    {
        foreach (var port in _ports) port.PluggedIn(timer);
    }

    public void Clear() => _stored.Clear();

    IndirectPort Window(int window, RegisterFile registers, Register command, Register data, uint mask)
        => new(registers, command, c => _stored[(window, c & mask)] = (uint)registers[data], c =>
        {
            registers[data] = _stored.GetValueOrDefault((window, c & mask));
            return c;
        });
}
