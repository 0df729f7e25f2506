using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>The command register of a <see cref="Dsa"/>: one command at a time, active until its effect is there.</summary>
sealed class DsaCommands
{
    const int Nanoseconds = 1_000, QueuesPerMask = 16;
    readonly Dsa _card;
    readonly RegisterFile _registers;
    bool _draining;

    public DsaCommands(Dsa card, RegisterFile registers)
    {
        (_card, _registers) = (card, registers);
        registers.OnWrite(DsaRegisters.Command, write => { if (write.Covers(DsaRegisters.CommandCode.Bits)) Written(write); });
    }

    public DeviceTimer? Timer { get; set; }

    /// <summary>The card itself is reset: no command is active.</summary>
    public void Reset() => _draining = false;

    /// <summary>Descriptors have left: a command that waits for their end may be done.</summary>
    public void Progressed()
    {
        if (_draining && !_card.IsBusy(Queues)) Finish(DsaCommandError.None);
    }

    public void Step()
    {
        var error = Begin();
        _draining = error == DsaCommandError.None && Drains && _card.IsBusy(Queues);
        if (!_draining) Finish(error);
    }

    DsaCommand Code => _registers.Get(DsaRegisters.CommandCode);

    uint Operand => (uint)_registers[DsaRegisters.Operand];

    bool Drains => Code is DsaCommand.DisableDevice or DsaCommand.DrainAll or DsaCommand.DisableQueues or DsaCommand.DrainQueues or DsaCommand.DrainPasid;

    /// <summary>The queues it is about, by number.</summary>
    uint Queues => Code is DsaCommand.DisableQueues or DsaCommand.DrainQueues or DsaCommand.AbortQueues or DsaCommand.ResetQueues ? Operand & 0xFFFF : uint.MaxValue;

    void Written(RegisterWrite write)
    {
        if (_registers[DsaRegisters.CommandActive])
        {
            _registers[DsaRegisters.Command] = write.Old;
            _card.Find("dsa-command-overrun", "CMD was written while a command was active; the device ignores that");
            return;
        }
        _registers[DsaRegisters.CommandStatus] = 0;
        _registers[DsaRegisters.CommandActive] = true;
        Timer!.Arm(Nanoseconds);
    }

    DsaCommandError Begin()
    {
        if ((_registers[DsaRegisters.CommandCapability] >> (int)Code & 1) == 0) return DsaCommandError.InvalidCommand;
        if (_card.State == DsaState.Halted && !(Code == DsaCommand.ResetDevice && _card.NeededReset == DsaReset.Software)) return DsaCommandError.Hardware;
        switch (Code)
        {
            case DsaCommand.EnableDevice: return _card.EnableDevice();
            case DsaCommand.ResetDevice: _card.ResetByCommand(); return DsaCommandError.None;
            case DsaCommand.EnableQueue: return _card.EnableQueue(Operand);
            case DsaCommand.RequestInterruptHandle: return RequestHandle();
            case DsaCommand.ReleaseInterruptHandle: return _card.ReleaseHandle(Operand) ? DsaCommandError.None : DsaCommandError.InterruptIndex;
            case DsaCommand.DisableDevice: return _card.StartDisable() ? DsaCommandError.None : DsaCommandError.DeviceNotEnabled;
        }
        if (_card.State != DsaState.Enabled) return DsaCommandError.QueuesWhileDeviceOff;
        if (Queues != uint.MaxValue && (Operand >= 1 << QueuesPerMask || Queues >= 1u << DsaRegisters.WorkQueues)) return DsaCommandError.InvalidQueue;
        switch (Code)
        {
            case DsaCommand.DisableQueues: _card.Refuse(Queues); break;
            case DsaCommand.AbortAll or DsaCommand.AbortQueues: _card.Abort(Queues); break;
            case DsaCommand.AbortPasid: _card.Abort(Queues, Operand); break;
            case DsaCommand.ResetQueues: _card.ResetQueues(Queues); break;
        }
        return DsaCommandError.None;
    }

    DsaCommandError RequestHandle()
    {
        const uint fromMessageStorage = 1 << 16;
        if ((Operand & fromMessageStorage) != 0) return DsaCommandError.NoInterruptHandle;
        if (_card.RequestHandle(Operand) is not { } handle) return DsaCommandError.InterruptIndex;
        _registers[DsaRegisters.CommandResult] = handle;
        return DsaCommandError.None;
    }

    void Finish(DsaCommandError error)
    {
        _draining = false;
        var interrupts = _registers[DsaRegisters.InterruptRequested];
        if (error == DsaCommandError.None && Code == DsaCommand.DisableDevice) _card.DisableDevice();
        if (error == DsaCommandError.None && Code == DsaCommand.DisableQueues) _card.DisableQueues(Queues);
        _registers.Set(DsaRegisters.CommandError, error);
        _registers[DsaRegisters.CommandActive] = false;
        if (interrupts) _card.Raise(DsaRegisters.CommandCause);
    }
}
