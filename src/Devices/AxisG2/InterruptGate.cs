using Understudy.Pci;
using static Understudy.Devices.AxisG2Registers;

namespace Understudy.Devices;

/// <summary>When the card interrupts (AxiStreamDmaV2Desc's interrupt process): forced, or with completions outstanding once the hold-off has
/// run since the last acknowledge. Asserted for a second, it drops and asserts again, as axi-pcie-core's interrupt state machine does.</summary>
sealed class InterruptGate
{
    const long Reassert = 1_000_000_000;
    const ulong TimerMost = 0xFFFF;
    readonly AxisG2 _card;
    readonly RegisterFile _registers;
    readonly InterruptLine _line;
    DeviceTimer? _held, _reassert;
    long _since;
    bool _forcedWhileMasked;

    public InterruptGate(AxisG2 card, RegisterFile registers, InterruptLine line)
    {
        (_card, _registers, _line) = (card, registers, line);
        registers
            .OnWrite(IntEnable, _ => MaskWritten())
            .OnWrite(ForceInt, write => Force(write.Sets(Forced)))
            .OnWrite(IrqHoldOff, _ => Evaluate())
            .OnWrite(IntAckAndEnable, write => Acknowledge((uint)write.Written))
            .OnRead(IntReqCount, () => Outstanding);
    }

    /// <summary>Completions written and not acknowledged.</summary>
    public uint Outstanding { get; private set; }

    public void PluggedIn(Func<Action, string, DeviceTimer> timer)
    {
        _held = timer(Evaluate, "hold-off over");
        _reassert = timer(AssertAgain, "interrupt asserted for a second");
    }

    /// <summary>A completion is in memory.</summary>
    public void Count()
    {
        Outstanding++;
        Evaluate();
    }

    /// <summary>The engine was switched on or off.</summary>
    public void Restart()
    {
        (Outstanding, _since, _forcedWhileMasked) = (0, _card.Time, false);
        _registers[Forced] = false;
        Evaluate();
    }

    public void Evaluate()
    {
        var on = _registers[Enable] && _registers[InterruptsOn];
        var holdOff = _card.Options.NanosecondsFor(Math.Min(_registers[HoldOffClocks], TimerMost));
        var left = _since + holdOff - _card.Time;
        var due = Outstanding != 0 && left <= 0;
        Set(on && (due || _registers[Forced]), forced: !due);
        if (on && Outstanding != 0 && left > 0)
        {
            if (!_held!.IsArmed) _held.Arm(left);
        }
        else _held!.Cancel();
    }

    void Set(bool asserted, bool forced)
    {
        if (asserted == _line.IsAsserted) return;
        if (asserted)
        {
            _card.Count.Interrupts++;
            if (!forced) MeasureHoldOff();
            if (_card.Options.RepeatsInterrupts) _reassert!.Arm(Reassert);
        }
        else _reassert!.Cancel();
        _line.Set(asserted);
    }

    void MeasureHoldOff()
    {
        var clocks = (long)_card.Options.ClocksIn(_card.Time - _since);
        if (_card.Count.ShortestHoldOff < 0 || clocks < _card.Count.ShortestHoldOff) _card.Count.ShortestHoldOff = clocks;
    }

    void AssertAgain()
    {
        if (!_line.IsAsserted) return;
        _line.Set(false);
        _card.Count.Interrupts++;
        _reassert!.Arm(Reassert);
        _line.Set(true);
    }

    void MaskWritten()
    {
        _forcedWhileMasked = false;
        Evaluate();
    }

    void Force(bool on)
    {
        if (!_registers[Enable]) _registers[Forced] = false;
        else if (on)
        {
            _card.Count.Forced++;
            _forcedWhileMasked |= !_registers[InterruptsOn];
        }
        Evaluate();
    }

    void Acknowledge(uint written)
    {
        _card.Count.Acknowledged++;
        var handled = written & 0xFFFF;
        if (handled > Outstanding)
            _card.Find("acknowledged-too-many", "the driver acknowledged more completions than are outstanding");
        Outstanding -= Math.Min(handled, Outstanding);
        // A force that came while the handler had interrupts masked has not been seen by it, and goes with those that have.
        var unseen = _registers[Forced] && _forcedWhileMasked;
        if (unseen) _card.Count.ForcedLost++;
        _registers[Forced] = unseen && !_card.Options.LosesForcedInterrupts;
        _registers[InterruptsOn] = (written >> 17 & 1) != 0;
        (_since, _forcedWhileMasked) = (_card.Time, false);
        Set(false, forced: false);
        _held!.Cancel();
        Evaluate();
    }
}
