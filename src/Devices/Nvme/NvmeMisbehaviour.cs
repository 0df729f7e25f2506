namespace Understudy.Devices;

/// <summary>What may go wrong with a command.</summary>
enum NvmeFault
{
    None,
    Lose,
    Fail,
    Hold,
    Delay,
    Duplicate,
    WrongPhase,
    WrongCommandId,
}

/// <summary>What the next I/O commands will meet, one kind at a time.</summary>
sealed class NvmeMisbehaviour
{
    int _commands;
    NvmeFault _fault;

    public NvmeStatus Status { get; private set; }

    public bool DoNotRetry { get; private set; }

    public long Delay { get; private set; }

    public void Arm(NvmeFault fault, int commands, NvmeStatus status = NvmeStatus.Success, bool doNotRetry = true, long delay = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(commands, 1);
        (_fault, _commands, Status, DoNotRetry, Delay) = (fault, commands, status, doNotRetry, delay);
    }

    public void Clear() => _commands = 0;

    public NvmeFault Next() => _commands > 0 && _commands-- > 0 ? _fault : NvmeFault.None;

    public override string ToString() => _commands == 0 ? "none" : $"{_fault} for {_commands} commands";
}
