using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>One engine of a <see cref="Dsa"/>: takes descriptors from the work queues of its group, one at a time, and executes them, a slice a
/// timer event. The descriptors of a batch it reads from memory and executes in order.</summary>
sealed class DsaEngine(Dsa card, int number)
{
    readonly DsaTransfer _transfer = new(card);
    DsaWorkQueue? _queue;
    DsaDescriptor _submitted, _current;
    bool _throughIms, _inBatch, _someFailed, _begun;
    uint _batchDone;

    public DeviceTimer? Timer { get; set; }

    public int Number => number;

    public bool IsIdle => _queue is null;

    public bool Stalled
    {
        get;
        set
        {
            field = value;
            if (!value && !IsIdle) Timer!.Arm(Dsa.NanosecondsPerDescriptor);
        }
    }

    public void Start(DsaWorkQueue queue)
    {
        (_submitted, _throughIms) = queue.Take();
        (_queue, _inBatch, _someFailed, _batchDone) = (queue, false, false, 0);
        Load(_submitted);
    }

    /// <summary>Gives up what it does for the queues of a mask, and for one address space or for all. No record is written for it.</summary>
    public void Abort(uint queues, uint? pasid)
    {
        if (_queue is null || (queues >> _queue.Number & 1) == 0 || (pasid is { } one && _submitted.Pasid != one)) return;
        Timer!.Cancel();
        Leave();
    }

    public void Reset()
    {
        Timer?.Cancel();
        (_queue, Stalled) = (null, false);
    }

    /// <summary>Executes as much as one event may.</summary>
    public void Step()
    {
        if (_queue is null || Stalled) return;
        if (!_begun && !Begin()) return;
        if (_transfer.Advance()) End(_transfer.Completion);
        else Timer!.Arm(_transfer.NextNanoseconds);
    }

    // False when there is nothing to transfer: it is wrong, or a batch.
    bool Begin()
    {
        _begun = true;
        var rejected = default(DsaCompletion);
        if (card.Rejects(_current, _queue!, _throughIms, _inBatch, ref rejected))
        {
            End(rejected);
            return false;
        }
        if (_current.Operation == DsaOperation.Batch)
        {
            NextOfBatch();
            return false;
        }
        _transfer.Begin(_current);
        return true;
    }

    void Load(in DsaDescriptor descriptor)
    {
        (_current, _begun) = (descriptor, false);
        Timer!.Arm(Dsa.NanosecondsPerDescriptor + (descriptor.MovesData ? DsaTransfer.Nanoseconds(descriptor.Size) : 0));
    }

    void End(in DsaCompletion completion)
    {
        card.Complete(_current, _queue!, _throughIms, completion, _inBatch ? _batchDone : null);
        if (!_inBatch)
        {
            Leave();
            return;
        }
        _batchDone++;
        _someFailed |= completion.Status != DsaStatus.Success;
        NextOfBatch();
    }

    void NextOfBatch()
    {
        var completion = new DsaCompletion { Completed = _batchDone, Status = _someFailed ? DsaStatus.BatchFailed : DsaStatus.Success };
        if (_batchDone < _submitted.Size)
        {
            var address = _submitted.Source + _batchDone * (ulong)DsaDescriptor.Bytes;
            if (!card.Read(address, out DsaDescriptor next)) completion.Fault(address, write: false, DsaStatus.BatchPageFault);
            else if (!_someFailed || !next.Is(DsaDescriptor.Fence))
            {
                _inBatch = true;
                Load(next);
                return;
            }
        }
        (_inBatch, _current) = (false, _submitted);
        End(completion);
    }

    void Leave()
    {
        _queue!.InFlight--;
        _queue = null;
        card.Left();
    }
}
