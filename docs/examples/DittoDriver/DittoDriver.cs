using System.Diagnostics;
using Understudy.Vfio;
using static Understudy.Devices.DittoRegisters;

namespace Examples;

/// <summary>Drives a Ditto from user space: commands in one ring of 32, and what became of them in another.</summary>
[Drives(0x1234, 0xD177)]
public sealed class DittoDriver(VfioDevice device) : CopyDriver(device, "ditto")
{
    const ulong Entries = 32, Completions = 1024, Scratch = 2048;
    readonly BarView _card = device.Bar(0, Map);
    DmaBuffer? _memory;
    InterruptSet? _irq;
    uint _producer, _copies;

    public override ulong MostBytes => _card[MaxLengthKib] << 10;
    public override ulong MostCopies => Entries;
    public override Interrupt Msi => _irq![0];

    protected override void OnInit()
    {
        Device.BusMaster = true;
        _memory = Device.Iommu.Allocate(4096);
        _irq = Device.EnableInterrupts(InterruptKind.Msi);
        Restart();
    }

    protected override void OnRemove()
    {
        ResetCard();
        _irq?.Dispose();
        _memory?.Dispose();
    }

    protected override void OnStart(ulong source, ulong destination, ulong bytes, ulong copies)
    {
        for (_copies = 0; _copies < copies; _copies++)
            _memory!.Write(_producer++ % Entries * 32, new Command(source, destination, bytes));
        _card[Doorbell] = _producer;
    }

    protected override bool OnWait(TimeSpan timeout)
    {
        WaitUntil(() => !_card[Busy], timeout);
        var good = !_card[Stopped];
        for (var i = _producer - _copies; i != _producer && good; i++) good = _memory!.Read<uint>(Completions + i % Entries * 16 + 8) == 0;
        if (_card[Stopped]) Restart();
        return good;
    }

    protected override void OnSendMsi()
    {
        _card[IntStatus] = Done.Mask | Error.Mask;      // a one clears
        _card[IntMask] = Done.Mask;                     // copies interrupt from here
        OnStart(_memory!.Iova + Scratch, _memory.Iova + Scratch, 8, 1);
        OnWait(TimeSpan.FromSeconds(30));
        _card[IntMask] = 0;
    }

    void Restart()
    {
        ResetCard();
        (_card[CommandRing], _card[CompletionRing], _card[RingBits]) = (_memory!.Iova, _memory.Iova + Completions, 5);
        _card[Enable] = true;
        _producer = 0;
    }

    void ResetCard()
    {
        _card[Reset] = true;
        WaitUntil(() => _card[Ready], TimeSpan.FromSeconds(5));
    }

    void WaitUntil(Func<bool> holds, TimeSpan timeout)
    {
        for (var started = Stopwatch.GetTimestamp(); !holds();)
            if (Stopwatch.GetElapsedTime(started) > timeout) throw new VfioException($"{Device.Name} is at 0x{_card[Status]:x} after {timeout.TotalSeconds} s");
    }

    readonly record struct Command(ulong Source, ulong Destination, ulong Length, ulong Reserved = 0);
}
