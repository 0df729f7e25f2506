namespace Understudy.Devices;

/// <summary>What the commands do.</summary>
public sealed partial class Dsa
{
    const uint FirstHandle = 0x100;
    uint _handles;

    internal DsaCommandError EnableDevice()
    {
        if (State != DsaState.Disabled) return DsaCommandError.DeviceEnabled;
        if (!IsBusMaster) return DsaCommandError.BusMasterOff;
        if (_queues.Sum(queue => queue.ConfiguredSize) > DsaRegisters.TotalQueueSize) return DsaCommandError.QueueSizes;
        uint queues = 0, engines = 0;
        foreach (var group in _groups)
        {
            if (!group.IsSane || (queues & group.Queues) != 0 || (engines & group.Engines) != 0) return DsaCommandError.GroupConfiguration;
            queues |= group.Queues;
            engines |= group.Engines;
        }
        State = DsaState.Enabled;
        return DsaCommandError.None;
    }

    /// <summary>From here on nothing is taken, and what is there is ended. False when it is not enabled.</summary>
    internal bool StartDisable()
    {
        if (State != DsaState.Enabled) return false;
        State = DsaState.Draining;
        return true;
    }

    internal void DisableDevice()
    {
        DisableQueues(uint.MaxValue);
        State = DsaState.Disabled;
    }

    /// <summary>Everything as after power-on, but INTCAUSE and the command itself.</summary>
    internal void ResetByCommand()
    {
        var (cause, command, status) = (_registers[DsaRegisters.InterruptCause], _registers[DsaRegisters.Command], _registers[DsaRegisters.CommandStatus]);
        _registers.Reset();
        ForgetAll();
        (_registers[DsaRegisters.InterruptCause], _registers[DsaRegisters.Command], _registers[DsaRegisters.CommandStatus]) = (cause, command, status);
    }

    internal DsaCommandError EnableQueue(uint number)
    {
        if (number >= DsaRegisters.WorkQueues) return DsaCommandError.InvalidQueue;
        if (State != DsaState.Enabled) return DsaCommandError.DeviceOff;
        return _queues[number].Enable(_groups.Any(group => (group.Queues >> (int)number & 1) != 0 && group.Engines != 0));
    }

    /// <summary>These queues take nothing more.</summary>
    internal void Refuse(uint queues)
    {
        foreach (var queue in _queues)
            if ((queues >> queue.Number & 1) != 0) queue.Accepts = false;
    }

    internal void DisableQueues(uint queues)
    {
        foreach (var queue in _queues)
            if ((queues >> queue.Number & 1) != 0) queue.Disable();
    }

    internal void ResetQueues(uint queues)
    {
        Abort(queues);
        foreach (var queue in _queues)
            if ((queues >> queue.Number & 1) != 0) queue.Reset();
    }

    /// <summary>Descriptors of these queues wait, or are being executed.</summary>
    internal bool IsBusy(uint queues)
    {
        foreach (var queue in _queues)
            if ((queues >> queue.Number & 1) != 0 && queue.IsBusy) return true;
        return false;
    }

    /// <summary>Gives up the descriptors of these queues, or those of one address space. Nothing tells of their end.</summary>
    internal void Abort(uint queues, uint? pasid = null)
    {
        foreach (var queue in _queues)
        {
            if ((queues >> queue.Number & 1) == 0) continue;
            if (pasid is { } one) queue.Discard(one);
            else queue.Discard();
        }
        foreach (var engine in _engines) engine.Abort(queues, pasid);
    }

    /// <summary>The handle of an MSI-X vector; null when there is none to be had. Vector 0 is not for descriptors.</summary>
    internal uint? RequestHandle(uint vector)
    {
        if (vector is 0 or > DsaRegisters.WorkQueues) return null;
        _handles |= 1u << (int)vector;
        return FirstHandle + vector;
    }

    internal bool ReleaseHandle(uint handle)
    {
        var vector = handle - FirstHandle;
        if (vector is 0 or > DsaRegisters.WorkQueues || (_handles >> (int)vector & 1) == 0) return false;
        _handles &= ~(1u << (int)vector);
        return true;
    }

    int? VectorOf(ushort handle, bool throughIms)
    {
        if (throughIms) return null;
        var vector = Options.HasInterruptHandles ? handle - FirstHandle : handle;
        if (vector is 0 or > DsaRegisters.WorkQueues) return null;
        return !Options.HasInterruptHandles || (_handles >> (int)vector & 1) != 0 ? (int)vector : null;
    }
}
