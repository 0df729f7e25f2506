using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>The way of a descriptor: from the portal to a queue, from there to an engine, and what is told of its end.</summary>
public sealed partial class Dsa
{
    // Errors that no completion record tells: what Intel calls them is in no source at hand.
    const byte QueueNotEnabled = 0x50, QueueFull = 0x51;

    /// <summary>A descriptor came through a portal.</summary>
    internal void Submit(int number, in DsaWork work, bool limited)
    {
        var queue = _queues[number];
        if (State != DsaState.Enabled || !queue.Accepts)
        {
            Report("dsa-queue-disabled", $"a descriptor was submitted to work queue {number}, which is not enabled");
            LogError(QueueNotEnabled, queue, null);
        }
        else if (queue.Count < (limited && !queue.IsDedicated ? queue.MostWaitingLimited : queue.MostWaiting))
        {
            queue.Add(work);
            Dispatch();
        }
        else if (queue.IsDedicated)
        {
            Report("dsa-queue-overflow", $"a descriptor was submitted to work queue {number}, whose {queue.MostWaiting} entries are taken; it is lost");
            LogError(QueueFull, queue, work.Descriptor);
        }
        else Report("dsa-retry-lost", $"a descriptor was submitted to shared work queue {number}, which has no room; a plain write cannot be told to try again");
    }

    /// <summary>An engine is free.</summary>
    internal void Left()
    {
        Dispatch();
        _commands.Progressed();
    }

    /// <summary>What is wrong with a descriptor before anything of it is done.</summary>
    internal bool Rejects(in DsaDescriptor descriptor, DsaWorkQueue queue, bool throughIms, bool inBatch, ref DsaCompletion completion)
    {
        completion.Status = Wrong(descriptor, queue, throughIms, inBatch);
        if (completion.Status == DsaStatus.InvalidFlags) completion.Value = descriptor.WrongFlags;
        if (completion.Status == DsaStatus.None && _injected.Descriptors > 0)
        {
            _injected.Descriptors--;
            if (_injected.Status is DsaStatus.PageFault or DsaStatus.BatchPageFault) completion.Fault(descriptor.Source, write: false, _injected.Status);
            else completion.Status = _injected.Status;
        }
        return completion.Status != DsaStatus.None;
    }

    /// <summary>A descriptor has ended: the record first, its status byte last, then the interrupt.</summary>
    internal void Complete(in DsaDescriptor descriptor, DsaWorkQueue queue, bool throughIms, in DsaCompletion completion, uint? inBatch)
    {
        Descriptors++;
        if (completion.IsError) Failures++;
        if (descriptor.MovesData) BytesDone += completion.Completed;
        if (descriptor.Is(DsaDescriptor.CompletionAddressValid) && completion.Status != DsaStatus.CompletionAlignment)
            WriteRecord(descriptor, queue, completion, inBatch);
        else if (completion.IsError)
            LogError((byte)completion.Status, queue, descriptor, inBatch, completion, completion.FaultAddress);
        if (descriptor.Is(DsaDescriptor.RequestInterrupt) && VectorOf(descriptor.InterruptHandle, throughIms) is { } vector) Signal(vector);
    }

    void WriteRecord(in DsaDescriptor descriptor, DsaWorkQueue queue, in DsaCompletion completion, uint? inBatch)
    {
        if (!descriptor.Is(DsaDescriptor.RequestCompletion) && !completion.IsError) return;
        if (_recordsToLose > 0) _recordsToLose--;
        else if (!Dma.Publish(descriptor.CompletionAddress, completion, ownerOffset: 0, ownerBytes: 1))
            LogError((byte)DsaStatus.CompletionAddress, queue, descriptor, inBatch, completion, descriptor.CompletionAddress, write: true);
    }

    DsaStatus Wrong(in DsaDescriptor descriptor, DsaWorkQueue queue, bool throughIms, bool inBatch)
    {
        if ((int)descriptor.Operation >= 64 || (_registers[DsaRegisters.OperationCapability[0]] >> (int)descriptor.Operation & 1) == 0) return DsaStatus.BadOperation;
        if (inBatch && (descriptor.Operation is DsaOperation.Batch or DsaOperation.Drain)) return DsaStatus.BadOperation;
        if (descriptor.WrongFlags != 0) return DsaStatus.InvalidFlags;
        if (descriptor.HasReserved) return DsaStatus.ReservedNotZero;
        if (descriptor.Is(DsaDescriptor.CompletionAddressValid) && descriptor.CompletionAddress % DsaCompletion.Bytes != 0) return DsaStatus.CompletionAlignment;
        if (descriptor.Is(DsaDescriptor.RequestInterrupt) && VectorOf(descriptor.InterruptHandle, throughIms) is null) return DsaStatus.InterruptHandle;
        if (descriptor.Operation == DsaOperation.Batch)
        {
            if (descriptor.Size < 2 || descriptor.Size > queue.MostDescriptors) return DsaStatus.Count;
            return descriptor.Source % DsaDescriptor.Bytes == 0 ? DsaStatus.None : DsaStatus.ListAlignment;
        }
        if (!descriptor.MovesData) return DsaStatus.None;
        if (descriptor.Size == 0 || descriptor.Size > queue.MostBytes) return DsaStatus.Size;
        return descriptor.Operation switch
        {
            DsaOperation.CopyWithCrc when descriptor.Overlaps(descriptor.Source, descriptor.Destination) => DsaStatus.Overlap,
            DsaOperation.Dualcast when ((descriptor.Destination ^ descriptor.Operand) & 0xFFF) != 0 => DsaStatus.DualcastAddresses,
            DsaOperation.Dualcast when descriptor.Overlaps(descriptor.Source, descriptor.Destination) || descriptor.Overlaps(descriptor.Source, descriptor.Operand)
                || descriptor.Overlaps(descriptor.Destination, descriptor.Operand) => DsaStatus.Overlap,
            _ => DsaStatus.None,
        };
    }

    void Dispatch()
    {
        if (State is not (DsaState.Enabled or DsaState.Draining)) return;
        foreach (var group in _groups)
            foreach (var engine in _engines)
                if ((group.Engines >> engine.Number & 1) != 0 && engine is { IsIdle: true, Stalled: false } && group.Next(_queues) is { } queue) engine.Start(queue);
    }

    void LogError(byte code, DsaWorkQueue queue, DsaDescriptor? descriptor, uint? inBatch = null, DsaCompletion completion = default, ulong faultAddress = 0, bool write = false)
    {
        if (_registers[DsaRegisters.ErrorValid]) _registers[DsaRegisters.ErrorOverflow] = true;
        else
        {
            var details = 1UL | 1UL << 3 | (ulong)code << 8 | (ulong)queue.Number << 16;
            if (descriptor is { } known) details |= 1UL << 2 | (ulong)known.Operation << 32 | (ulong)known.Pasid << 40;
            if (inBatch is not null) details |= 1UL << 4;
            if (write || completion.WasWrite) details |= 1UL << 5;
            _registers[DsaRegisters.SoftwareError] = details;
            _registers[DsaRegisters.SoftwareErrorBatch] = (inBatch ?? 0) & 0xFFFF | (completion.Status == DsaStatus.InvalidFlags ? completion.Value << 32 : 0);
            _registers[DsaRegisters.SoftwareErrorAddress] = faultAddress;
        }
        _registers[DsaRegisters.SoftwareErrorCause] = true;
        if (_registers[DsaRegisters.SoftwareErrorInterruptEnable]) Signal(0);
    }
}
