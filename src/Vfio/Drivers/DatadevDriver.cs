using System.Diagnostics;
using Understudy.Devices;
using static Understudy.Devices.AxisG2Registers;

namespace Understudy.Vfio;

/// <summary>Drives an <see cref="AxisG2"/>, or the card itself with its streams looped back, as SLAC's <c>datadev</c> does: each copy is a frame
/// that is sent from one buffer and received into another.</summary>
public sealed class DatadevDriver : CopyDriver
{
    const int Most = 1023, MostRingBits = 16;
    const uint AcknowledgeMask = 0xFFFF;
    readonly BarView _card;
    readonly int _entries;
    readonly ulong _addressEnd;
    DmaBuffer? _rings;
    InterruptSet? _interrupts;
    ulong _bytes;
    int _copies, _sent, _received;

    /// <summary>A driver for the first lane of a card.</summary>
    /// <exception cref="VfioException">It is no engine with 128-bit descriptors, or has neither MSI-X nor MSI.</exception>
    public DatadevDriver(VfioDevice device) : base(device, "datadev")
    {
        _card = device.Bar(0, Map);
        if (!_card[Desc128En]) throw new VfioException($"{device.Name} does not offer 128-bit descriptors: enableVer reads 0x{_card[EnableVer]:x8}");
        var bits = _card[AddrWidth];
        if (bits is < 1 or > MostRingBits) throw new VfioException($"{device.Name} says its rings have 2^{bits} entries; 2^1 to 2^{MostRingBits} are known here");
        _entries = 1 << (int)bits;
        _addressEnd = 1UL << (int)Math.Min(_card[AddressBits], 40);
        if (device.Interrupts(Kind) == 0) throw new VfioException($"{device.Name} has neither MSI-X nor MSI");
    }

    /// <inheritdoc/>
    public override ulong Granule => 16;

    /// <inheritdoc/>
    public override ulong LeastBytes => 16;

    /// <inheritdoc/>
    public override ulong MostBytes => 64 << 10;

    /// <inheritdoc/>
    public override ulong MostCopies => (ulong)Math.Min(Most, _entries - 1);

    /// <inheritdoc/>
    public override Interrupt Msi => (_interrupts ?? throw new InvalidOperationException($"datadev on {Device.Name} is not initialised"))[0];

    InterruptKind Kind => Device.Interrupts(InterruptKind.Msix) > 0 ? InterruptKind.Msix : InterruptKind.Msi;

    ulong RingBytes => (ulong)_entries * RingEntry.Bytes;

    /// <inheritdoc/>
    protected override void OnInit()
    {
        _rings ??= Device.Iommu.Allocate(Math.Max(2 * RingBytes, (ulong)Environment.SystemPageSize));
        Device.BusMaster = true;
        Stop();
        _interrupts = Device.EnableInterrupts(Kind, count: 1);
        (_card[WrBaseAddrLow], _card[WrBaseAddrHigh]) = (_rings.Iova & uint.MaxValue, _rings.Iova >> 32);
        (_card[RdBaseAddrLow], _card[RdBaseAddrHigh]) = ((_rings.Iova + RingBytes) & uint.MaxValue, (_rings.Iova + RingBytes) >> 32);
        _card[AxisG2Registers.MaxSize] = MostBytes;
        (_card[ContEnable], _card[DropEnable]) = (0, 0);
        Go();
    }

    /// <inheritdoc/>
    protected override void OnRemove()
    {
        Stop();
        _card[Online] = 0;
        _interrupts?.Dispose();
        _rings?.Dispose();
        (_interrupts, _rings) = (null, null);
    }

    /// <inheritdoc/>
    protected override void OnStart(ulong source, ulong destination, ulong bytes, ulong copies)
    {
        if (source >= _addressEnd || destination >= _addressEnd) throw new ArgumentOutOfRangeException(nameof(source), $"{Name} reaches addresses below 0x{_addressEnd:x}, not 0x{Math.Max(source, destination):x}");
        (_bytes, _copies, _sent, _received) = (bytes, (int)copies, 0, 0);
        for (var i = 0; i < _copies; i++)
        {
            (_card[WriteFifoB], _card[WriteFifoA]) = (destination >> 8, Low(destination) | (uint)i);
            (_card[ReadFifoD], _card[ReadFifoC], _card[ReadFifoB], _card[ReadFifoA]) = (source >> 8, Low(source) | (uint)i, bytes, 0);
        }
    }

    /// <inheritdoc/>
    protected override bool OnWait(TimeSpan timeout)
    {
        var started = Stopwatch.GetTimestamp();
        var failed = false;
        // What could not be read from memory is not sent, and is never received.
        while (_sent < _copies || (_received < _copies && !failed))
        {
            if (TryTake(RingBytes, _sent, out var returned))
            {
                failed |= (returned.Result & 7) != 0;
                _sent++;
            }
            else if (_received < _copies && TryTake(0, _received, out var frame))
            {
                failed |= (frame.Result & 7) != 0 || frame.Size != _bytes;
                _received++;
            }
            else if (Stopwatch.GetElapsedTime(started) > timeout)
            {
                var (sent, received) = (_sent, _received);
                Restart();
                throw new VfioException($"{Device.Name}: {sent} of {_copies} frames were sent and {received} received after {timeout.TotalSeconds} s");
            }
        }
        Restart();
        return !failed;
    }

    /// <inheritdoc/>
    protected override void OnSendMsi()
    {
        (_card[IntEnable], _card[ForceInt]) = (1, 1);
        _card[IntAckAndEnable] = _card[IntReqCount] & AcknowledgeMask;      // read, so that what was written has arrived; takes the force back, and turns interrupts off
    }

    // Entries are written with their last word last, and it is never zero.
    bool TryTake(ulong ring, int index, out RingEntry entry)
    {
        entry = _rings!.Read<RingEntry>(ring + (ulong)index * RingEntry.Bytes);
        if (entry.Owner == 0) return false;
        entry = _rings.Read<RingEntry>(ring + (ulong)index * RingEntry.Bytes);
        return true;
    }

    // Disabled, the engine touches no memory, and starts both rings anew.
    void Restart()
    {
        Stop();
        Go();
    }

    void Stop()
    {
        (_card[IntEnable], _card[EnableVer]) = (0, 0);
        (_card[FifoReset], _card[FifoReset]) = (1, 0);
        _ = _card[EnableVer];
        var nothing = new byte[4096];
        for (ulong at = 0; _rings is not null && at < 2 * RingBytes; at += 4096) _rings.Write(at, nothing.AsSpan(0, (int)Math.Min(4096, 2 * RingBytes - at)));
    }

    void Go() => (_card[EnableVer], _card[Online]) = (1, 1);

    static uint Low(ulong address) => (uint)(address >> 4 & 15) << 28;
}
