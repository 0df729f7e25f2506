using Understudy.Pci;
using static Understudy.Devices.DsaRegisters.Queue;

namespace Understudy.Devices;

/// <summary>One work queue of a <see cref="Dsa"/>: its configuration, and the descriptors that wait in it.</summary>
sealed class DsaWorkQueue
{
    readonly Dsa _card;
    readonly RegisterFile _registers;
    readonly DsaWork[] _waiting = new DsaWork[DsaRegisters.TotalQueueSize];
    int _first;

    public DsaWorkQueue(Dsa card, RegisterFile registers, int number)
    {
        (_card, _registers, Number) = (card, registers, number);
        registers.OnRead(StatusRegister, () => (uint)Count | (IsEnabled ? 1UL << 30 : 0));
        foreach (var register in registers.Map.Registers) registers.OnWrite(register, write => Lock(register, write));
    }

    public int Number { get; }

    /// <summary>Descriptors that wait for an engine.</summary>
    public int Count { get; private set; }

    /// <summary>Descriptors that engines have taken and not ended.</summary>
    public int InFlight { get; set; }

    public bool IsEnabled { get; private set; }

    /// <summary>It is enabled, and no command to disable it waits for its end.</summary>
    public bool Accepts { get; set; }

    public bool IsBusy => Count > 0 || InFlight > 0;

    public bool IsDedicated => _registers[Dedicated];

    public int MostWaiting => Math.Min((int)_registers[Size], _waiting.Length);

    public int MostWaitingLimited => (int)_registers[Threshold];

    public uint Turns => Math.Max(1, (uint)_registers[Priority]);

    public uint MostBytes => 1u << (int)_registers[TransferShift];

    public uint MostDescriptors => 1u << (int)_registers[BatchShift];

    public uint ConfiguredSize => (uint)_registers[Size];

    /// <summary>An engine may take the first descriptor: there is one, and it is not a drain that waits for those before it.</summary>
    public bool IsReady => Count > 0 && (InFlight == 0 || _waiting[_first].Descriptor.Operation != DsaOperation.Drain);

    public DsaCommandError Enable(bool hasEngine)
    {
        if (IsEnabled) return DsaCommandError.QueueEnabled;
        if (_registers[Size] == 0 || !hasEngine) return DsaCommandError.QueueSize;
        if (!IsDedicated && (!_card.Options.HasSharedQueues || _registers[Threshold] == 0 || _registers[Threshold] > _registers[Size])) return DsaCommandError.QueueMode;
        if (_registers[BlockOnFault]) return DsaCommandError.BlockOnFault;
        if (_registers[PasidEnable]) return DsaCommandError.PasidEnable;
        if (_registers[BatchShift] > DsaRegisters.MostBatchShift) return DsaCommandError.BatchShift;
        if (_registers[TransferShift] > (ulong)_card.Options.TransferShift) return DsaCommandError.TransferShift;
        IsEnabled = Accepts = true;
        return DsaCommandError.None;
    }

    public void Disable() => (IsEnabled, Accepts) = (false, false);

    /// <summary>As a reset leaves it. The size stays, as the sum of the sizes is the device's and not the queue's.</summary>
    public void Reset()
    {
        Discard();
        Disable();
        var size = _registers[Size];
        _registers.Reset();
        _registers[Size] = size;
    }

    public void Add(in DsaWork work)
    {
        _waiting[(_first + Count) % _waiting.Length] = work;
        Count++;
    }

    public DsaWork Take()
    {
        var work = _waiting[_first];
        _first = (_first + 1) % _waiting.Length;
        Count--;
        InFlight++;
        return work;
    }

    public void Discard() => Count = 0;

    /// <summary>Discards the descriptors of one address space, and keeps the order of the others.</summary>
    public void Discard(uint pasid)
    {
        for (var left = Count; left > 0; left--)
        {
            var work = Take();
            InFlight--;
            if (work.Descriptor.Pasid != pasid) Add(work);
        }
    }

    // The driver writes what is there already each time it enables another queue; only a change is one.
    void Lock(Register register, RegisterWrite write)
    {
        if (write.Old == write.New) return;
        var locked = IsEnabled || (register == SizeRegister && _card.State != DsaState.Disabled);
        if (!locked) return;
        _registers[register] = write.Old;
        _card.Find("dsa-config-locked", $"{register} of work queue {Number} was written while {(IsEnabled ? "it" : "the device")} is enabled; the device ignores that");
    }
}
