using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>One group of a <see cref="Dsa"/>: its engines take work from its queues in turn, from each as many descriptors as its priority says.</summary>
sealed class DsaGroup
{
    readonly Dsa _card;
    readonly RegisterFile _registers;
    readonly int _number;
    int _turn;
    uint _turnsLeft;

    public DsaGroup(Dsa card, RegisterFile registers, int number)
    {
        (_card, _registers, _number) = (card, registers, number);
        foreach (var register in registers.Map.Registers) registers.OnWrite(register, write => Lock(register, write));
    }

    public uint Queues => (uint)_registers[DsaRegisters.Group.Queues[0]];

    public uint Engines => (uint)_registers[DsaRegisters.Group.Engines];

    /// <summary>It names nothing that the device does not have.</summary>
    public bool IsSane
        => _registers[DsaRegisters.Group.Queues[0]] < 1UL << DsaRegisters.WorkQueues && _registers[DsaRegisters.Group.Engines] < 1UL << DsaRegisters.Engines
            && (_registers[DsaRegisters.Group.Queues[1]] | _registers[DsaRegisters.Group.Queues[2]] | _registers[DsaRegisters.Group.Queues[3]]) == 0;

    public void Reset() => (_turn, _turnsLeft) = (0, 0);

    /// <summary>The queue whose turn it is; null when none has work.</summary>
    public DsaWorkQueue? Next(DsaWorkQueue[] queues)
    {
        for (var tried = 0; tried <= queues.Length; tried++)
        {
            var queue = queues[_turn];
            if (_turnsLeft > 0 && (Queues >> _turn & 1) != 0 && queue.IsReady)
            {
                _turnsLeft--;
                return queue;
            }
            _turn = (_turn + 1) % queues.Length;
            _turnsLeft = queues[_turn].Turns;
        }
        return null;
    }

    void Lock(Register register, RegisterWrite write)
    {
        if (write.Old == write.New || _card.State == DsaState.Disabled) return;
        _registers[register] = write.Old;
        _card.Find("dsa-config-locked", $"{register} of group {_number} was written while the device is enabled; the device ignores that");
    }
}
