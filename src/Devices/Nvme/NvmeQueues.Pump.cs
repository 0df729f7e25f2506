namespace Understudy.Devices;

/// <content>What moves the commands.</content>
sealed partial class NvmeQueues
{
    void Pump()
    {
        if (!_nvme.IsRunning) return;
        Execute();
        Fetch();
        _nvme.Events.Deliver();
        SignalAll();
        if (_nvme.IsRunning && AnythingToDo) _pump!.Arm(NvmeTiming.NextBatch);
    }

    void Fetch()
    {
        for (var left = Batch; left > 0;)
        {
            var took = false;
            for (var i = 0; i < _submission.Length && left > 0; i++)
            {
                _turn = (_turn + 1) % _submission.Length;
                if (_submission[_turn] is not { } queue || !CanFetch(queue)) continue;
                if (!FetchOne(queue)) return;
                (took, left) = (true, left - 1);
            }
            if (!took) return;
        }
    }

    bool CanFetch(SubmissionQueue queue)
        => !queue.IsEmpty && _spare.Count > 0 && queue.Completions.Free > queue.Completions.Reserved && !(AdminHangs && queue.Id == 0);

    bool FetchOne(SubmissionQueue queue)
    {
        if (!_nvme.Memory.Read(queue.HeadAddress, out NvmeCommand command))
        {
            _nvme.GoFatal("an entry of a submission queue could not be read");
            return false;
        }
        queue.Advance();
        queue.Completions.Reserved++;
        var fetched = _spare.Pop();
        (fetched.Command, fetched.Queue, fetched.IsDelayed) = (command, queue, false);
        _ready.Enqueue(fetched);
        return true;
    }

    void Execute()
    {
        var bytes = 0L;
        for (var left = Math.Min(_ready.Count, Batch); left > 0 && bytes < BytesInOneGo && _nvme.IsRunning; left--)
        {
            var command = _ready.Dequeue();
            if (command.Queue is not { } queue)
            {
                Recycle(command);
                continue;
            }
            var fault = queue.Id == 0 || command.IsDelayed ? NvmeFault.None : Misbehaviour.Next();
            if (fault is NvmeFault.Hold or NvmeFault.Delay) HoldBack(command, fault);
            else bytes += Carry(command, queue, fault);
        }
    }

    void HoldBack(OutstandingCommand command, NvmeFault fault)
    {
        command.IsDelayed = true;
        command.Due = fault == NvmeFault.Hold || Misbehaviour.Delay > long.MaxValue - _nvme.Time ? long.MaxValue : _nvme.Time + Misbehaviour.Delay;
        _held.Add(command);
        ArmDelayed();
    }

    long Carry(OutstandingCommand outstanding, SubmissionQueue queue, NvmeFault fault)
    {
        ref readonly var command = ref outstanding.Command;
        var (status, result, bytes) = (Misbehaviour.Status, 0u, 0L);
        if (IsConflict(outstanding)) status = NvmeStatus.CommandIdConflict;
        else if (fault != NvmeFault.Fail)
            status = queue.Id == 0 ? _nvme.Admin.Execute(command, out result) : _nvme.Io.Execute(command, out bytes);
        // A command may have deleted its own queue, or a reset all of them.
        if (outstanding.Queue is null) { }
        else if (fault == NvmeFault.Lose || status == NvmeAdmin.NoCompletion) queue.Completions.Reserved--;
        else Complete(outstanding, status, result, fault);
        Recycle(outstanding);
        return bytes;
    }

    // The first of two goes on; the second is the host's error.
    bool IsConflict(OutstandingCommand one)
    {
        var other = _nvme.Events.Holds(one.Queue!.Id, one.Command.CommandId);
        foreach (var held in _held) other |= held.Queue == one.Queue && held.Command.CommandId == one.Command.CommandId;
        if (other) _nvme.Find("command-id-conflict", $"queue {one.Queue!.Id} has two commands outstanding of one identifier");
        return other;
    }

    void Complete(OutstandingCommand outstanding, NvmeStatus status, uint result, NvmeFault fault)
    {
        var queue = outstanding.Queue!;
        queue.Completions.Reserved--;
        var doNotRetry = fault == NvmeFault.Fail ? Misbehaviour.DoNotRetry : !MayRetry(status);
        if (status != NvmeStatus.Success) _nvme.Logs.CommandFailed(queue.Id, outstanding.Command, status);
        Post(queue.Completions, queue, outstanding.Command.CommandId, result, status, doNotRetry, fault);
        if (fault == NvmeFault.Duplicate && queue.Completions.Free > queue.Completions.Reserved)
            Post(queue.Completions, queue, outstanding.Command.CommandId, result, status, doNotRetry, fault);
    }

    static bool MayRetry(NvmeStatus status) => status is NvmeStatus.Success or NvmeStatus.DataTransferError or NvmeStatus.InternalError
        or NvmeStatus.AbortRequested or NvmeStatus.AbortedSqDeletion or NvmeStatus.NamespaceNotReady;

    void Post(CompletionQueue queue, SubmissionQueue from, ushort commandId, uint result, NvmeStatus status, bool doNotRetry, NvmeFault fault)
    {
        var phase = queue.Phase ^ (fault == NvmeFault.WrongPhase);
        var completion = new NvmeCompletion
        {
            Result = result, SqHead = (ushort)from.Head, SqId = from.Id,
            CommandId = fault == NvmeFault.WrongCommandId ? (ushort)~commandId : commandId,
            Status = (ushort)((uint)status << 1 | (phase ? 1u : 0) | (doNotRetry ? 0x8000u : 0)),
        };
        if (!_nvme.Memory.Publish(queue.TailAddress, completion, NvmeCompletion.OwnerOffset))
        {
            _nvme.GoFatal("an entry of a completion queue could not be written");
            return;
        }
        queue.Advance();
        queue.ToSignal = true;
    }

    void SignalAll()
    {
        foreach (var queue in _completion)
        {
            if (queue is not { ToSignal: true }) continue;
            queue.ToSignal = false;
            if (queue.Interrupts) _nvme.SetVector(queue.Vector, true, another: true);
        }
    }

    void EndEarly(OutstandingCommand command, NvmeStatus status)
    {
        Complete(command, status, 0, NvmeFault.None);
        command.Queue = null;   // stays where it waits, and is passed over
    }

    void EndHeld(int index, NvmeStatus status)
    {
        var command = _held[index];
        _held.RemoveAt(index);
        Complete(command, status, 0, NvmeFault.None);
        Recycle(command);
    }

    void ReleaseDelayed()
    {
        for (var i = 0; i < _held.Count;)
        {
            if (_held[i].Due > _nvme.Time)
            {
                i++;
                continue;
            }
            _ready.Enqueue(_held[i]);
            _held.RemoveAt(i);
        }
        ArmDelayed();
        Kick();
    }

    void ArmDelayed()
    {
        var first = long.MaxValue;
        foreach (var command in _held) first = Math.Min(first, command.Due);
        if (first != long.MaxValue) _delayed!.Arm(Math.Max(first - _nvme.Time, 1));
    }

    void Recycle(OutstandingCommand command)
    {
        command.Queue = null;
        _spare.Push(command);
    }
}
