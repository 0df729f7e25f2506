using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>One of the chip's windows to something behind it (PHYAR, EPHYAR, ERIAR, CSIAR, OCPAR). All speak the same protocol: a command
/// with bit 31 set writes, and the bit clears when that is done; a command without it reads, and the bit sets when the data is there.</summary>
sealed class IndirectPort
{
    const ulong FlagBit = 1UL << 31;
    readonly RegisterFile _registers;
    readonly Register _command;
    readonly Action<uint> _write;
    readonly Func<uint, uint> _read;
    DeviceTimer? _done;

    /// <param name="registers">The chip's registers.</param>
    /// <param name="command">The command register.</param>
    /// <param name="write">Carries a write command out.</param>
    /// <param name="read">Carries a read command out and says what the command register holds then, but for the flag.</param>
    public IndirectPort(RegisterFile registers, Register command, Action<uint> write, Func<uint, uint> read)
    {
        (_registers, _command, _write, _read) = (registers, command, write, read);
        registers.OnWrite(command, _ => { if (!Hangs) _done?.Arm(Rtl8111Timing.IndirectAccess); });
    }

    /// <summary>Commands are swallowed and never done.</summary>
    public bool Hangs { get; set; }

    public void PluggedIn(Func<Action, string, DeviceTimer> timer) => _done = timer(Done, $"{_command.Name} done");

    void Done()
    {
        var command = (uint)_registers[_command];
        if ((command & FlagBit) != 0)
        {
            _write(command);
            _registers[_command] = command & ~FlagBit;
        }
        else
        {
            _registers[_command] = _read(command) | FlagBit;
        }
    }
}
