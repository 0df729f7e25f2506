using Understudy.Pci;
using static Understudy.Devices.Rtl8111Registers;

namespace Understudy.Devices;

/// <summary>Holds one direction's interrupts back for a time or a number of frames (IntrMitigate and the scale in CPlusCmd; ethtool -C).
/// Off after reset, and the driver leaves it off: then every batch interrupts at once.</summary>
sealed class InterruptMitigation
{
    readonly Rtl8111 _nic;
    readonly RegisterFile _registers;
    readonly Flag _cause;
    readonly Bits _time, _frames;
    DeviceTimer? _due;
    int _held;

    public InterruptMitigation(Rtl8111 nic, RegisterFile registers, Flag cause, Bits time, Bits frames)
        => (_nic, _registers, _cause, _time, _frames) = (nic, registers, cause, time, frames);

    public void PluggedIn(Func<Action, string, DeviceTimer> timer) => _due = timer(Release, $"{_time.Register.Name} due");

    public void Reset()
    {
        _due?.Cancel();
        _held = 0;
    }

    public void Signal(int frames)
    {
        var time = (long)_registers[_time] * Unit;
        var most = (int)_registers[_frames] * 4;
        _held += frames;
        if (time == 0 || (most > 0 && _held >= most)) Release();
        else if (!_due!.IsArmed) _due.Arm(time);
    }

    void Release()
    {
        _due!.Cancel();
        _held = 0;
        _nic.Raise(_cause);
    }

    // rtl_coalesce_info_8168_8136 in r8169_main.c.
    long Unit
    {
        get
        {
            long unit = _nic.LinkSpeed switch { 10 => 40_960, 100 => 2_560, _ => 5_000 };
            return (int)_registers[MitigationScale] switch { 0 => unit, 1 => unit * 8, 2 => unit * 16, _ => unit * 32 };
        }
    }
}
