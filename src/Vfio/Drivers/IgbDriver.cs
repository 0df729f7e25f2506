using System.Diagnostics;
using Understudy.Pci;
using static Understudy.Vfio.IgbRegisters;

namespace Understudy.Vfio;

/// <summary>Drives an Intel 82576, which QEMU has as <c>igb</c>: each copy is a frame that is sent, looped back, and received. The card loops
/// back in its PHY (datasheet, 3.5.6.3), QEMU's in its MAC, so both are asked for.</summary>
public sealed class IgbDriver : CopyDriver
{
    const int Entries = 4096, Descriptor = 16, Writeback = 8, WritebackTransmit = 12;
    const ulong ReceiveRing = Entries * Descriptor;
    const uint EndOfPacket = 1u << 24, InsertChecksum = 1u << 25, ReportStatus = 1u << 27, Advanced = 1u << 29, Data = 3u << 20;
    const uint OneBuffer = 1u << 25, MultipleVectors = 1u << 4, Vector = 1;
    const uint ReceiverOn = 1u << 1, AllUnicast = 1u << 3, AllMulticast = 1u << 4, LoopInMac = 1u << 6, Broadcast = 1u << 15, StripChecksum = 1u << 26;
    const uint TransmitterOn = 1u << 1, PadShort = 1u << 3;
    const uint FullDuplex = 1, SetLinkUp = 1u << 6, SpeedMask = 3u << 8, Gigabit = 2u << 8, ForceSpeed = 1u << 11, ForceDuplex = 1u << 12;
    const uint PhyWrite = 1u << 26 | 1u << 21;
    const ushort Negotiate = 1 << 12 | 1 << 9, LoopInPhy = 1 << 14 | 1 << 8 | 1 << 6;
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2), s_onTheWire = TimeSpan.FromMilliseconds(100);
    readonly BarView _card;
    DmaBuffer? _rings;
    InterruptSet? _interrupts;
    uint _tail;

    /// <summary>A driver for the card's first queues.</summary>
    public IgbDriver(VfioDevice device) : base(device, "igb") => _card = device.Bar(0, Map);

    /// <inheritdoc/>
    public override ulong LeastBytes => 60;

    /// <inheritdoc/>
    public override ulong MostBytes => 1024;

    /// <inheritdoc/>
    public override ulong MostCopies => Entries - 1;

    /// <inheritdoc/>
    public override Interrupt Msi => (_interrupts ?? throw new InvalidOperationException($"igb on {Device.Name} is not initialised"))[0];

    /// <inheritdoc/>
    protected override void OnInit()
    {
        _rings ??= Device.Iommu.Allocate(2 * ReceiveRing);
        _interrupts = Device.EnableInterrupts(InterruptKind.Msix, count: 1);
        SetUp();
    }

    /// <inheritdoc/>
    protected override void OnRemove()
    {
        ResetCard();
        Device.BusMaster = false;
        _interrupts?.Dispose();
        _rings?.Dispose();
        (_interrupts, _rings) = (null, null);
    }

    /// <inheritdoc/>
    protected override void OnStart(ulong source, ulong destination, ulong bytes, ulong copies)
    {
        _card[MaskClear] = Vector;
        for (var i = 0UL; i < copies; i++)
        {
            var at = _tail * (ulong)Descriptor;
            _rings!.Write(ReceiveRing + at, destination);
            _rings.Write(ReceiveRing + at + 8, 0UL);
            var command = (uint)bytes | Data | Advanced | InsertChecksum | EndOfPacket | (i == copies - 1 ? ReportStatus : 0);
            _rings.Write(at, source);
            _rings.Write(at + 8, command | bytes << 14 << 32);
            _tail = (_tail + 1) % Entries;
        }
        (_card[ReceiveTail], _card[TransmitTail]) = (_tail, _tail);
    }

    /// <inheritdoc/>
    protected override bool OnWait(TimeSpan timeout)
    {
        var last = (_tail + Entries - 1) % Entries * (ulong)Descriptor;
        var started = Stopwatch.GetTimestamp();
        long? sent = null;
        while ((_rings!.Read<uint>(ReceiveRing + last + Writeback) & 1) == 0)
        {
            if (sent is null && (_rings.Read<uint>(last + WritebackTransmit) & 1) != 0) sent = Stopwatch.GetTimestamp();
            var lost = sent is { } since && Stopwatch.GetElapsedTime(since) > s_onTheWire;
            if (!lost && Stopwatch.GetElapsedTime(started) <= timeout) continue;
            Recover();
            return lost ? false : throw new VfioException($"{Device.Name}: what was to be sent had not gone after {timeout.TotalSeconds} s");
        }
        return true;
    }

    /// <inheritdoc/>
    protected override void OnSendMsi()
    {
        _card[MaskSet] = Vector;
        _card[CauseSet] = Vector;
    }

    // After a fault the engine may be stuck in a way that only a reset of the function ends.
    void Recover()
    {
        if (Device.CanReset)
        {
            Device.Reset();
            _interrupts!.Enable();
        }
        SetUp();
    }

    void SetUp()
    {
        Device.BusMaster = true;
        ResetCard();
        _card[DriverLoaded] = true;
        _card[LinkMode] = 0;
        LoopBack();
        _card[CompletionTimeoutResend] = false;      // a read that found no memory is an error, and not tried for ever
        _tail = 0;
        Ring(0, TransmitBaseLow, TransmitBaseHigh, TransmitBytes, TransmitHead, TransmitTail);
        Ring(ReceiveRing, ReceiveBaseLow, ReceiveBaseHigh, ReceiveBytes, ReceiveHead, ReceiveTail);
        _card[SplitReceive] = OneBuffer;
        _card[TransmitEnabled] = true;
        _card[ReceiveEnabled] = true;
        _card[ReceiveControl] = ReceiverOn | AllUnicast | AllMulticast | LoopInMac | Broadcast | StripChecksum;
        _card[TransmitControl] = TransmitterOn | PadShort;
        Await(() => _card[TransmitEnabled] && _card[ReceiveEnabled], "its queues did not come up");
        (_card[GeneralInterrupts], _card[AutoClear], _card[Cause]) = (MultipleVectors, Vector, uint.MaxValue);
    }

    void Ring(ulong offset, Register low, Register high, Register bytes, Register head, Register tail)
    {
        var iova = _rings!.Iova + offset;
        (_card[low], _card[high], _card[bytes], _card[head], _card[tail]) = (iova & uint.MaxValue, iova >> 32, Entries * Descriptor, 0, 0);
    }

    void ResetCard()
    {
        _card[Reset] = true;
        Await(() => !_card[Reset], "it did not come out of its reset");
        (_card[InterruptMaskClear], _card[MaskClear]) = (uint.MaxValue, uint.MaxValue);
    }

    // QEMU's card has a link only once it has negotiated one; a card without a cable never gets there, and needs none.
    void LoopBack()
    {
        WritePhy(Negotiate);
        var started = Stopwatch.GetTimestamp();
        while (!_card[LinkUp] && Stopwatch.GetElapsedTime(started) < s_patience) Thread.Yield();
        WritePhy(LoopInPhy);
        _card[Control] = _card[Control] & ~SpeedMask | ForceSpeed | ForceDuplex | Gigabit | FullDuplex | SetLinkUp;
        Await(() => _card[LinkUp], "the link of its loopback did not come up");
    }

    void WritePhy(ushort control)
    {
        _card[Mdi] = PhyWrite | control;
        Await(() => _card[MdiReady], "its PHY did not take a write");
        if (_card[MdiError]) throw new VfioException($"{Device.Name}: its PHY refused a write of 0x{control:x4}");
    }

    void Await(Func<bool> condition, string otherwise)
    {
        var started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (_card[Status] == uint.MaxValue) throw VfioDevice.Gone(Device.Name);
            if (Stopwatch.GetElapsedTime(started) > s_patience) throw new VfioException($"{Device.Name}: {otherwise} in {s_patience.TotalSeconds} s (STATUS 0x{_card[Status]:x8})");
            Thread.Yield();
        }
    }
}
