using System.Diagnostics;
using Understudy.Devices;

namespace Understudy.Vfio;

/// <summary>Drives an <see cref="Ioat"/>, or the card itself: one descriptor that links to itself, executed as often as DMACOUNT says
/// (tools/testing/selftests/vfio/lib/drivers/ioat).</summary>
public sealed class IoatDriver : CopyDriver
{
    const uint InterruptBit = 1;
    readonly BarView _card, _channel;
    DmaBuffer? _memory;
    InterruptSet? _interrupts;

    /// <summary>A driver for the first channel of a device.</summary>
    /// <exception cref="VfioException">Its version is not one this driver knows.</exception>
    public IoatDriver(VfioDevice device) : base(device, "ioat")
    {
        _card = device.Bar(0, IoatRegisters.Map);
        _channel = _card.Block(IoatRegisters.Channels[0]);
        if (_card[IoatRegisters.Version] is not (0x32 or 0x33) and var version) throw new VfioException($"{device.Name} is an I/OAT of version 0x{version:x2}; 0x32 and 0x33 are known here");
    }

    /// <inheritdoc/>
    public override ulong MostBytes => 1UL << (int)(_card[IoatRegisters.TransferCapacity] & 0x1F);

    /// <inheritdoc/>
    public override ulong MostCopies => ushort.MaxValue;

    /// <inheritdoc/>
    public override Interrupt Msi => (_interrupts ?? throw new InvalidOperationException($"ioat on {Device.Name} is not initialised"))[0];

    /// <inheritdoc/>
    protected override void OnInit()
    {
        _memory ??= Device.Iommu.Allocate(4096);
        Device.BusMaster = true;
        ResetChannel();
        _card[IoatRegisters.InterruptControl] = 0x08;        // a vector a channel
        _interrupts = Device.EnableInterrupts(InterruptKind.Msix);
    }

    /// <inheritdoc/>
    protected override void OnRemove()
    {
        ResetChannel();
        _interrupts?.Dispose();
        _memory?.Dispose();
        (_interrupts, _memory) = (null, null);
    }

    /// <inheritdoc/>
    protected override void OnStart(ulong source, ulong destination, ulong bytes, ulong copies) => Start(source, destination, bytes, copies, control: 0);

    /// <inheritdoc/>
    protected override bool OnWait(TimeSpan timeout)
    {
        var started = Stopwatch.GetTimestamp();
        for (; ; )
        {
            var status = _channel[IoatRegisters.Channel.Status];
            if (status == ulong.MaxValue) throw VfioDevice.Gone(Device.Name);
            var state = (IoatState)(status & 7);
            if (state == IoatState.Done) break;
            if (state == IoatState.Halted)
            {
                ResetChannel();
                return false;
            }
            if (Stopwatch.GetElapsedTime(started) > timeout) throw StillActive(timeout);
        }
        _channel[IoatRegisters.Channel.Command] = IoatRegisters.Channel.Suspend.Mask;
        return true;
    }

    /// <inheritdoc/>
    protected override void OnSendMsi()
    {
        // Eight bytes of the driver's own memory onto themselves, with the interrupt bit set.
        Start(_memory!.Iova + 64, _memory.Iova + 64, 8, 1, InterruptBit);
        if (!OnWait(TimeSpan.FromSeconds(30))) throw new VfioException($"{Device.Name}: the copy that was to send a message failed");
    }

    void Start(ulong source, ulong destination, ulong bytes, ulong copies, uint control)
    {
        var descriptor = new IoatDescriptor { Size = (uint)bytes, Control = control, Source = source, Destination = destination, Next = _memory!.Iova };
        _memory.Write(0, descriptor);
        _channel[IoatRegisters.Channel.ChainAddress] = _memory.Iova;
        _channel[IoatRegisters.Channel.Control] = IoatRegisters.Channel.InterruptDisarmed.Mask | IoatRegisters.Channel.AnyErrorAbortEnable.Mask;
        _channel[IoatRegisters.Channel.DmaCount] = copies;
    }

    void ResetChannel()
    {
        _channel[IoatRegisters.Channel.Error] = _channel[IoatRegisters.Channel.Error];
        _channel[IoatRegisters.Channel.Command] = IoatRegisters.Channel.Reset.Mask;
        var started = Stopwatch.GetTimestamp();
        while ((_channel[IoatRegisters.Channel.Command] & IoatRegisters.Channel.Reset.Mask) != 0)
            if (Stopwatch.GetElapsedTime(started) > TimeSpan.FromSeconds(5)) throw new VfioException($"{Device.Name}: the channel did not come out of reset in 5 s: CHANCMD reads 0x{_channel[IoatRegisters.Channel.Command]:x2}");
    }

    VfioException StillActive(TimeSpan timeout)
        => new($"{Device.Name}: the channel was still active after {timeout.TotalSeconds} s: CHANSTS 0x{_channel[IoatRegisters.Channel.Status]:x}, CHANERR 0x{_channel[IoatRegisters.Channel.Error]:x}");
}
