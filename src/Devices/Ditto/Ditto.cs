using System.Globalization;
using System.Runtime.CompilerServices;
using Understudy.Pci;
using static Understudy.Devices.DittoRegisters;

namespace Understudy.Devices;

/// <summary>A copy engine of ours: the driver hands it commands in one ring, and finds what became of them in another. It has what drivers
/// go wrong with (rings, an owner word, lengths, a reset that takes time, a button that interrupts at any moment) and little else.
/// Its datasheet is the README beside this file; its driver is <c>drivers/ditto</c>.</summary>
public sealed class Ditto : PciDevice
{
    const long ResetTakes = 400, FetchTakes = 1_200, CopyTakes = 800;
    const int MostBytes = 64 * 1024;

    readonly RegisterFile _registers;
    readonly InterruptBlock _interrupt;
    readonly byte[] _copied = new byte[MostBytes];
    DeviceTimer? _fetch, _copy, _resetDone;
    DittoCommand _command;
    uint _producer, _consumer;

    /// <summary>A card that has just been powered.</summary>
    public Ditto() : base(new PciIdentity(Vendor: 0x1234, Device: 0xD177, ClassCode: 0x088000, Revision: 1))
    {
        HasIntx();
        Has(new PowerManagement());
        Has(new Msi());
        _registers = Bar(0, Map)
            .OnWrite(Control, ControlWritten)
            .OnWrite(Doorbell, write => Ring((uint)write.New));
        _interrupt = Interrupt(0, _registers, IntStatus, IntMask);
        Label();
    }

    /// <summary>Copies made since the card was made.</summary>
    public int Copies { get; private set; }

    /// <summary>Presses the button on the bracket: an interrupt nobody asked for.</summary>
    public void Press()
    {
        _registers[Presses]++;
        _interrupt.Raise(Button);
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{(_registers[Enable] ? "enabled" : "disabled")}{(_registers[Stopped] ? ", stopped by an error" : "")}, {Copies} copies, button pressed {_registers[Presses]} times");

    /// <inheritdoc/>
    protected override void PluggedIn() => (_fetch, _copy, _resetDone) = (Timer(Fetch), Timer(CopyOne), Timer(FinishReset));

    /// <inheritdoc/>
    protected override void OnReset()
    {
        (_producer, _consumer) = (0, 0);
        Label();
    }

    void Label() => "Ditto copy engine\0"u8.CopyTo(_registers[Name]);

    void ControlWritten(RegisterWrite write)
    {
        if (write.Rises(Reset))
        {
            _fetch!.Cancel();
            _copy!.Cancel();
            _registers[Ready] = false;
            _resetDone!.Arm(ResetTakes);
        }
        else if (write.Rises(Enable))
        {
            (_producer, _consumer) = (0, 0);
            if (_registers[Stopped]) _registers[Enable] = false;
        }
    }

    void FinishReset()
    {
        _registers.Reset();
        (_producer, _consumer) = (0, 0);
        Label();
        _interrupt.Evaluate();
    }

    uint Entries => 1u << (int)Math.Min(_registers[RingBits], _registers[MaxRingBits]);

    void Ring(uint producer)
    {
        if (!_registers[Enable])
        {
            Report("ditto-disabled", "the doorbell was rung while the engine is disabled");
            return;
        }
        if (producer - _consumer > Entries)
        {
            Report("ditto-overrun", $"the doorbell says {producer}, {producer - _consumer} commands ahead of the card, and the ring has {Entries}");
            Stop();
            return;
        }
        _producer = producer;
        if (!_fetch!.IsArmed && !_copy!.IsArmed && _producer != _consumer) _fetch.Arm(FetchTakes);
        _registers[Busy] = _producer != _consumer;
    }

    void Fetch()
    {
        if (!_registers[Enable] || _producer == _consumer) return;
        if (Dma.Read(_registers[CommandRing] + _consumer % Entries * (ulong)Unsafe.SizeOf<DittoCommand>(), out _command)) _copy!.Arm(CopyTakes);
        else Stop();
    }

    void CopyOne()
    {
        if (!_registers[Enable] || _producer == _consumer) return;
        var (slot, command) = (_consumer % Entries, _command);
        var length = (int)Math.Min(command.Length, MostBytes);
        var data = _copied.AsSpan(0, length);
        var good = command.Length is > 0 and <= MostBytes && Dma.Read(command.Source, data) && Dma.Write(command.Destination, data);
        _consumer++;
        if (good) Copies++;
        Complete(slot, new DittoCompletion { Tag = command.Tag, Length = good ? command.Length : 0, Status = good ? 0u : 1, Sequence = _consumer });
        _registers[Busy] = _producer != _consumer;
        if (_registers[Busy]) _fetch!.Arm(FetchTakes);
    }

    void Complete(uint slot, in DittoCompletion completion)
    {
        const int owner = 12;
        if (!Dma.Publish(_registers[CompletionRing] + slot * (ulong)Unsafe.SizeOf<DittoCompletion>(), completion, owner))
        {
            Stop();
            return;
        }
        _interrupt.Raise(completion.Status == 0 ? Done : Error);
    }

    // A ring that cannot be read or written: nothing goes on until a reset.
    void Stop()
    {
        _registers[Enable] = _registers[Busy] = false;
        _registers[Stopped] = true;
        _interrupt.Raise(Error);
    }
}
