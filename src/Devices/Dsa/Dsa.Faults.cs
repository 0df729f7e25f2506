namespace Understudy.Devices;

/// <summary>What can be made to go wrong.</summary>
public sealed partial class Dsa
{
    (DsaStatus Status, int Descriptors) _injected;
    int _interruptsToLose, _recordsToLose;

    /// <summary>The next descriptors end with this status and do nothing, whichever engine has them. A page fault is one at their source.</summary>
    public void FailNext(DsaStatus status, int descriptors = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(descriptors, 1);
        if (status is DsaStatus.None or DsaStatus.Success) throw new ArgumentOutOfRangeException(nameof(status), $"{status} is no failure");
        _injected = (status, descriptors);
    }

    /// <summary>The next interrupts, of whatever cause, are raised and never arrive.</summary>
    public void LoseInterrupts(int interrupts = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(interrupts, 1);
        _interruptsToLose = interrupts;
    }

    /// <summary>The next completion records are never written. Their interrupts come.</summary>
    public void LoseRecords(int records = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(records, 1);
        _recordsToLose = records;
    }

    /// <summary>An engine stops where it is, or goes on. A reset of the device ends it too.</summary>
    public void Stall(int engine, bool stalled)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)engine, (uint)DsaRegisters.Engines, nameof(engine));
        _engines[engine].Stalled = stalled;
        if (!stalled) Dispatch();
    }

    /// <summary>The device stops for good and says which reset it needs. Work that it had is lost.</summary>
    public void Halt(DsaReset needed = DsaReset.Software)
    {
        Abort(uint.MaxValue);
        State = DsaState.Halted;
        _registers.Set(DsaRegisters.ResetType, needed);
        _registers[DsaRegisters.HaltCause] = true;
        if (_registers[DsaRegisters.HaltInterruptEnable]) Signal(0);
    }
}
