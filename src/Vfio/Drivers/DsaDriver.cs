using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Understudy.Devices;
using Understudy.Pci;

namespace Understudy.Vfio;

/// <summary>Drives a <see cref="Dsa"/>, or the card itself: one dedicated work queue and one engine, one descriptor for a copy and batches of them
/// for many (tools/testing/selftests/vfio/lib/drivers/dsa).</summary>
public sealed class DsaDriver : CopyDriver
{
    const int MostBatches = 32, MostInBatch = 1024, Vector = 1;
    const uint TableUnit = 0x100, LeastQueueConfiguration = 32;
    const ulong List = 0, Records = List + MostInBatch * DsaDescriptor.Bytes, Failure = Records + MostBatches * DsaCompletion.Bytes, Scratch = Failure + DsaCompletion.Bytes, MemoryBytes = 1 << 17;
    static readonly TimeSpan s_commandTimeout = TimeSpan.FromSeconds(5);
    readonly BarView _card, _portal;
    readonly ulong _inBatch;
    DmaBuffer? _memory;
    InterruptSet? _interrupts;
    int _records;

    /// <summary>A driver for the device's first work queue.</summary>
    /// <exception cref="VfioException">It wants its interrupt handles asked for, which this driver does not do.</exception>
    public DsaDriver(VfioDevice device) : base(device, "dsa")
    {
        (_card, _portal) = (device.Bar(0, DsaRegisters.Map), device.Bar(2, DsaRegisters.Portals.Map));
        var wantsHandles = _card[DsaRegisters.CommandCapabilitySupport] && (_card[DsaRegisters.CommandCapability] >> (int)DsaCommand.RequestInterruptHandle & 1) != 0;
        if (wantsHandles) throw new VfioException($"{device.Name} wants its interrupt handles requested, as DSA in a virtual machine does; this driver names interrupts by their vectors");
        _inBatch = Math.Min(MostInBatch, 1UL << (int)_card[DsaRegisters.MaximumBatchShift]);
        MostBytes = 1UL << (int)_card[DsaRegisters.MaximumTransferShift];
        MostCopies = Math.Min(MostBatches, _card[DsaRegisters.TotalSize]) * _inBatch;
    }

    /// <inheritdoc/>
    public override ulong MostBytes { get; }

    /// <inheritdoc/>
    public override ulong MostCopies { get; }

    /// <inheritdoc/>
    public override Interrupt Msi => (_interrupts ?? throw new InvalidOperationException($"dsa on {Device.Name} is not initialised"))[0];

    /// <inheritdoc/>
    protected override void OnInit()
    {
        _memory ??= Device.Iommu.Allocate(MemoryBytes);
        Device.BusMaster = true;
        Run(DsaCommand.ResetDevice);
        SetUpQueue();
        SetUpGroup();
        Run(DsaCommand.EnableDevice);
        Run(DsaCommand.EnableQueue);
        _interrupts = Device.EnableInterrupts(InterruptKind.Msix, count: 1, first: Vector);
    }

    /// <inheritdoc/>
    protected override void OnRemove()
    {
        Run(DsaCommand.ResetDevice);
        _interrupts?.Dispose();
        _memory?.Dispose();
        (_interrupts, _memory) = (null, null);
    }

    /// <inheritdoc/>
    protected override void OnStart(ulong source, ulong destination, ulong bytes, ulong copies)
    {
        if (copies == 1) Start(Copy(source, destination, bytes, Asked, Record(0)));
        else StartBatches(source, destination, bytes, copies);
    }

    /// <inheritdoc/>
    protected override bool OnWait(TimeSpan timeout)
    {
        var (started, good) = (Stopwatch.GetTimestamp(), true);
        for (var n = 0; n < _records; n++)
        {
            DsaCompletion record;
            while ((record = _memory!.Read<DsaCompletion>(Record(n))).Status == DsaStatus.None)
            {
                RefuseSoftwareErrors();
                if (Stopwatch.GetElapsedTime(started) > timeout)
                    throw new VfioException($"{Device.Name}: {_records - n} of {_records} descriptors were not complete after {timeout.TotalSeconds} s: GENSTS 0x{_card[DsaRegisters.GeneralStatus]:x}");
                Thread.Yield();
            }
            good &= record.Status == DsaStatus.Success;
        }
        return good;
    }

    /// <inheritdoc/>
    protected override void OnSendMsi()
    {
        // Eight bytes of the driver's own memory to others of it, with an interrupt.
        Start(Copy(_memory!.Iova + Scratch, _memory.Iova + Scratch + 8, 8, Asked | DsaDescriptor.RequestInterrupt, Record(0)) with { InterruptHandle = Vector });
        if (!OnWait(TimeSpan.FromSeconds(30))) throw new VfioException($"{Device.Name}: the copy that was to send a message failed");
    }

    const uint Asked = DsaDescriptor.CompletionAddressValid | DsaDescriptor.RequestCompletion;

    static ulong Record(int n) => Records + (ulong)n * DsaCompletion.Bytes;

    DsaDescriptor Copy(ulong source, ulong destination, ulong bytes, uint flags, ulong record)
        => new()
        {
            FlagsAndOperation = flags | (uint)DsaOperation.Move << 24,
            CompletionAddress = _memory!.Iova + record,
            Source = source,
            Destination = destination,
            Size = (uint)bytes,
        };

    void Start(in DsaDescriptor descriptor)
    {
        ForgetRecords(1);
        Submit(descriptor);
    }

    void Submit(in DsaDescriptor descriptor) => _portal.Store64(0, MemoryMarshal.AsBytes(new ReadOnlySpan<DsaDescriptor>(in descriptor)));

    void ForgetRecords(int records)
    {
        _records = records;
        for (var n = 0; n < records; n++) _memory!.Write(Record(n), default(DsaCompletion));
    }

    // Every batch has the same list, of copies that tell only of failure, and a record of its own: the last batch's success says nothing of the first.
    void StartBatches(ulong source, ulong destination, ulong bytes, ulong copies)
    {
        ForgetRecords((int)((copies + _inBatch - 1) / _inBatch));
        var copy = Copy(source, destination, bytes, DsaDescriptor.CompletionAddressValid, Failure);
        for (ulong n = 0; n < Math.Min(copies, _inBatch); n++) _memory!.Write(List + n * DsaDescriptor.Bytes, copy);
        for (var n = 0; n < _records; n++)
        {
            // A batch has two descriptors at least: the one before leaves one over for a last one.
            var count = Math.Min(copies, _inBatch);
            if (copies - count == 1) count--;
            copies -= count;
            Submit(new DsaDescriptor
            {
                FlagsAndOperation = Asked | (uint)DsaOperation.Batch << 24,
                CompletionAddress = _memory!.Iova + Record(n),
                Source = _memory.Iova + List,
                Size = (uint)count,
            });
        }
    }

    void SetUpQueue()
    {
        var table = _card[DsaRegisters.TableOffsets] >> 16 & 0xFFFF;
        Span<byte> configuration = stackalloc byte[(int)(LeastQueueConfiguration << (int)_card[DsaRegisters.QueueConfigurationSize])];
        configuration.Clear();
        var mode = DsaRegisters.Queue.Dedicated.Mask | 1UL << DsaRegisters.Queue.Priority.Low;
        if (_card[DsaRegisters.AtsControl]) mode |= DsaRegisters.Queue.AtsDisable.Mask;      // translations by the IOMMU alone: then faults are its, too
        Put(configuration, DsaRegisters.Queue.SizeRegister, _card[DsaRegisters.TotalSize]);
        Put(configuration, DsaRegisters.Queue.ModeRegister, mode);
        Put(configuration, DsaRegisters.Queue.LimitRegister, _card[DsaRegisters.MaximumTransferShift] | _card[DsaRegisters.MaximumBatchShift] << DsaRegisters.Queue.BatchShift.Low);
        if (configuration.Length > LeastQueueConfiguration)
            BinaryPrimitives.WriteUInt32LittleEndian(configuration[(int)LeastQueueConfiguration..], 1u << (int)DsaOperation.Move | 1u << (int)DsaOperation.Batch);
        for (var at = 0; at < configuration.Length; at += 4) _card.Write(table * TableUnit + (ulong)at, configuration.Slice(at, 4));
    }

    static void Put(Span<byte> configuration, Register register, ulong value) => BinaryPrimitives.WriteUInt32LittleEndian(configuration[register.Offset..], (uint)value);

    // Work queue 0 and engine 0 are group 0.
    void SetUpGroup()
    {
        var table = (_card[DsaRegisters.TableOffsets] & 0xFFFF) * TableUnit;
        Span<byte> first = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(first, 1);
        _card.Write(table + (ulong)DsaRegisters.Group.Queues[0].Offset, first);
        _card.Write(table + (ulong)DsaRegisters.Group.Engines.Offset, first);
    }

    void Run(DsaCommand command)
    {
        _card[DsaRegisters.Command] = (ulong)command << DsaRegisters.CommandCode.Bits.Low;
        var started = Stopwatch.GetTimestamp();
        while (_card[DsaRegisters.CommandActive])
        {
            if (Stopwatch.GetElapsedTime(started) > s_commandTimeout) throw new VfioException($"{Device.Name}: command {command} was still active after {s_commandTimeout.TotalSeconds} s");
            Thread.Yield();
        }
        var error = (DsaCommandError)_card[DsaRegisters.CommandError.Bits];
        if (error != DsaCommandError.None) throw new VfioException($"{Device.Name}: command {command} ended in error 0x{(int)error:x2} ({error})");
    }

    // What no completion record tells. The device goes on; what is told of it is taken back.
    void RefuseSoftwareErrors()
    {
        var error = _card[DsaRegisters.SoftwareError];
        if ((error & DsaRegisters.ErrorValid.Mask) == 0) return;
        var (more, address) = (_card[DsaRegisters.SoftwareErrorBatch], _card[DsaRegisters.SoftwareErrorAddress]);
        _card[DsaRegisters.SoftwareError] = error & DsaRegisters.SoftwareError.ClearedByOne;
        throw new VfioException($"{Device.Name} reports software error 0x{error >> 8 & 0xFF:x2} in work queue {error >> 16 & 0xFF}, operation 0x{error >> 32 & 0xFF:x2}: SWERR 0x{error:x16} 0x{more:x16} 0x{address:x16}");
    }
}
