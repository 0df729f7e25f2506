using Understudy.Pci;
using static Understudy.Devices.IoatRegisters.Channel;

namespace Understudy.Devices;

/// <summary>One channel of an <see cref="Ioat"/>: executes descriptors until as many are done as DMACOUNT says, one a timer event.</summary>
sealed class IoatChannel
{
    readonly Ioat _card;
    readonly RegisterFile _registers;
    readonly int _number;
    ulong _chain, _next;
    bool _chained, _armed, _interruptPending, _waitsForBus;
    ushort _done;

    public IoatChannel(Ioat card, RegisterFile registers, int number)
    {
        (_card, _registers, _number) = (card, registers, number);
        registers
            .OnWrite(Control, write => { if (write.Sets(InterruptDisarmed)) Arm(); })
            .OnWrite(Command, Commanded)
            .OnWrite(DmaCount, _ => Run())
            .OnWrite(ChainAddress, _ => NewChain());
        Disarm();
    }

    public DeviceTimer? Timer { get; set; }

    public IoatState State
    {
        get => _registers.Get(IoatRegisters.Channel.State);
        private set => _registers.Set(IoatRegisters.Channel.State, value);
    }

    public IoatError Error => (IoatError)_registers[IoatRegisters.Channel.Error];

    public bool Stalled
    {
        get;
        set
        {
            field = value;
            if (!value) Run();
        }
    }

    public void Reset()
    {
        Timer?.Cancel();
        (_done, _chain, _chained, _interruptPending, _waitsForBus, Stalled) = (0, 0, false, false, false, false);
        _registers[DmaCount] = _registers[Errors] = _registers[LastCompleted] = _registers[CurrentDescriptor] = 0;
        State = IoatState.Halted;
        Disarm();
    }

    /// <summary>The driver lets the card onto the bus again.</summary>
    public void GoOn()
    {
        if (!_waitsForBus) return;
        _waitsForBus = false;
        Run();
    }

    // Nothing starts on a channel with errors, nor while the driver keeps the card off the bus (Bus Master Enable).
    void Run()
    {
        if (Error != IoatError.None || _done == (ushort)_registers[DmaCount] || Waits()) return;
        State = IoatState.Active;
        if (!Stalled && Timer is { IsArmed: false } timer) timer.Arm(Ioat.NanosecondsPerDescriptor);
    }

    bool Waits() => _waitsForBus = !_card.MayMaster;

    void NewChain() => (_chain, _chained, _done) = (_registers[ChainAddress], false, 0);

    void Commanded(RegisterWrite write)
    {
        if (write.Sets(IoatRegisters.Channel.Reset)) Reset();
        else if (write.Sets(Abort)) Halt();
        else if (write.Sets(Suspend) && State != IoatState.Halted) Stop(IoatState.Suspended);
        else if (write.Sets(Resume) && State == IoatState.Suspended) Continue();
    }

    void Continue()
    {
        State = IoatState.Done;
        Run();
    }

    void Halt() => Stop(IoatState.Halted);

    void Stop(IoatState state)
    {
        Timer?.Cancel();
        _waitsForBus = false;
        State = state;
    }

    /// <summary>Executes one descriptor. Data first, then the completion, then the interrupt.</summary>
    public void Step()
    {
        if (State != IoatState.Active || Stalled || Waits()) return;
        var address = _chained ? _next : _chain;
        _registers[CurrentDescriptor] = address;
        if (_card.Execute(address, out var descriptor) is not IoatError.None and var error)
        {
            Fault(address, error);
            return;
        }
        (_done, _next, _chained) = ((ushort)(_done + 1), descriptor.Next, true);
        _registers[LastCompleted] = address >> 6;
        if (_done == (ushort)_registers[DmaCount]) State = IoatState.Done;
        if (descriptor.Is(IoatDescriptor.CompletionWrite) && !WriteCompletion(address))
        {
            Fault(address, IoatError.CompletionAddress);
            return;
        }
        if (descriptor.Is(IoatDescriptor.Interrupt)) Interrupt();
        if (State == IoatState.Active) Timer!.Arm(Ioat.NanosecondsPerDescriptor + descriptor.Size / Ioat.BytesPerNanosecond);
    }

    void Fault(ulong address, IoatError error)
    {
        _registers[Errors] |= (ulong)error;
        Halt();
        _registers[LastCompleted] = address >> 6;
        if (_registers[ErrorCompletionEnable]) WriteCompletion(address);
        if (_registers[ErrorInterruptEnable]) Interrupt();
    }

    bool WriteCompletion(ulong address)
    {
        var where = _registers[CompletionAddress];
        return where == 0 || _card.WriteCompletion(where, address & ~0x3FUL | (ulong)State);
    }

    void Arm()
    {
        _armed = true;
        _registers[InterruptDisarmed] = false;
        if (_interruptPending) Interrupt();
    }

    void Disarm()
    {
        _armed = false;
        _registers[InterruptDisarmed] = true;
    }

    // An interrupt of a channel that is not armed is kept, once, for when it is.
    void Interrupt()
    {
        _interruptPending = !_armed;
        if (_interruptPending) return;
        Disarm();
        _card.Signal(_number);
    }
}
