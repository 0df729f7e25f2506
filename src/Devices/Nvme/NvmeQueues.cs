using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>The queues, and the pump that moves commands through them: a doorbell arms a timer; each time it fires, what was fetched before is
/// carried out and completed, and more is fetched, in turn from all queues. Both are bounded, whatever the doorbells say. Nothing is fetched
/// whose completion would find no room.</summary>
sealed class NvmeQueues
{
    const int Batch = 64;
    const int MostOutstanding = 512;
    const long BytesInOneGo = 1 << 20;

    readonly Nvme _nvme;
    readonly SubmissionQueue?[] _submission = new SubmissionQueue?[NvmeRegisters.MostQueues + 1];
    readonly CompletionQueue?[] _completion = new CompletionQueue?[NvmeRegisters.MostQueues + 1];
    readonly Stack<OutstandingCommand> _spare = new(MostOutstanding);
    readonly Queue<OutstandingCommand> _ready = new(MostOutstanding);
    readonly List<OutstandingCommand> _held = new(MostOutstanding);
    DeviceTimer? _pump, _delayed;
    int _turn;

    public NvmeQueues(Nvme nvme)
    {
        _nvme = nvme;
        for (var i = 0; i < MostOutstanding; i++) _spare.Push(new OutstandingCommand());
    }

    /// <summary>Doorbells of the admin queue are not heard.</summary>
    public bool AdminHangs { get; set; }

    public NvmeMisbehaviour Misbehaviour { get; } = new();

    /// <summary>Queues but the admin queue.</summary>
    public bool AnyForIo => _submission.Skip(1).Any(queue => queue is not null) || _completion.Skip(1).Any(queue => queue is not null);

    public int SubmissionQueues => _submission.Count(queue => queue is not null);

    /// <summary>An event can be told beyond what is promised to commands.</summary>
    public bool HasRoomForEvent => _completion[0] is { } queue && queue.Free > queue.Reserved;

    public void PluggedIn(Func<Action, string, DeviceTimer> timer)
    {
        _pump = timer(Pump, "queues");
        _delayed = timer(ReleaseDelayed, "delayed commands");
    }

    /// <summary>Forgets all queues and all that is in them.</summary>
    public void Reset()
    {
        _pump?.Cancel();
        _delayed?.Cancel();
        foreach (var command in _ready) Recycle(command);
        foreach (var command in _held) Recycle(command);
        _ready.Clear();
        _held.Clear();
        Array.Clear(_submission);
        Array.Clear(_completion);
        (_turn, AdminHangs) = (0, false);
    }

    public void Stop()
    {
        _pump?.Cancel();
        _delayed?.Cancel();
    }

    public void CreateAdmin(ulong submission, int submissionSize, ulong completion, int completionSize)
    {
        _completion[0] = new CompletionQueue(0, completion, completionSize, vector: 0, interrupts: true);
        _submission[0] = new SubmissionQueue(0, submission, submissionSize, _completion[0]!);
    }

    public bool HasCompletion(int id) => id < _completion.Length && _completion[id] is not null;

    public bool HasSubmission(int id) => id < _submission.Length && _submission[id] is not null;

    public void AddCompletion(CompletionQueue queue) => _completion[queue.Id] = queue;

    public void AddSubmission(ushort id, ulong address, int size, int completions) => _submission[id] = new SubmissionQueue(id, address, size, _completion[completions]!);

    /// <summary>Deletes a submission queue; what was fetched from it ends as aborted.</summary>
    public void DeleteSubmission(int id)
    {
        var queue = _submission[id]!;
        foreach (var command in _ready)
            if (command.Queue == queue) EndEarly(command, NvmeStatus.AbortedSqDeletion);
        for (var i = _held.Count - 1; i >= 0; i--)
            if (_held[i].Queue == queue) EndHeld(i, NvmeStatus.AbortedSqDeletion);
        _submission[id] = null;
    }

    /// <summary>Deletes a completion queue.</summary>
    /// <returns>False when a submission queue still uses it.</returns>
    public bool DeleteCompletion(int id)
    {
        foreach (var queue in _submission)
            if (queue?.Completions == _completion[id]) return false;
        var vector = _completion[id]!.Vector;
        _completion[id] = null;
        _nvme.SetVector(vector, IsPending(vector), another: false);
        return true;
    }

    /// <summary>Ends an outstanding command early.</summary>
    /// <returns>False when there is none of that name.</returns>
    public bool Abort(int queue, int commandId)
    {
        foreach (var command in _ready)
            if (command.Queue?.Id == queue && command.Command.CommandId == commandId)
            {
                EndEarly(command, NvmeStatus.AbortRequested);
                return true;
            }
        for (var i = 0; i < _held.Count; i++)
            if (_held[i].Queue?.Id == queue && _held[i].Command.CommandId == commandId)
            {
                EndHeld(i, NvmeStatus.AbortRequested);
                return true;
            }
        return false;
    }

    public void SubmissionDoorbell(int id, int tail)
    {
        if (_submission[id] is not { } queue)
            _nvme.Events.InvalidDoorbell(id, "submission queue tail", tail, exists: false);
        else if (tail >= queue.Size || tail == queue.Tail)
            _nvme.Events.InvalidDoorbell(id, "submission queue tail", tail, exists: true);
        else
        {
            queue.Tail = tail;
            Kick();
        }
    }

    public void CompletionDoorbell(int id, int head)
    {
        if (_completion[id] is not { } queue)
            _nvme.Events.InvalidDoorbell(id, "completion queue head", head, exists: false);
        else if (head >= queue.Size || (head >= queue.Head ? head - queue.Head : head + queue.Size - queue.Head) is var taken && (taken == 0 || taken > queue.Used))
            _nvme.Events.InvalidDoorbell(id, "completion queue head", head, exists: true);
        else
        {
            queue.Head = head;
            if (queue.Interrupts) _nvme.SetVector(queue.Vector, IsPending(queue.Vector), another: false);
            if (AnythingToDo) Kick();
        }
    }

    /// <summary>Whether a vector's level is up: one of its completion queues holds something.</summary>
    public bool IsPending(int vector)
    {
        foreach (var queue in _completion)
            if (queue is { Interrupts: true, Used: > 0 } && queue.Vector == vector) return true;
        return false;
    }

    /// <summary>Posts the answer to an Asynchronous Event Request; only from the pump, and when there is room.</summary>
    public void PostEvent(ushort commandId, uint result, NvmeStatus status = NvmeStatus.Success)
        => Post(_completion[0]!, _submission[0]!, commandId, result, status, doNotRetry: false, NvmeFault.None);

    bool AnythingToDo
    {
        get
        {
            if (_ready.Count > 0 || _nvme.Events.CanDeliver) return true;
            foreach (var queue in _submission)
                if (queue is not null && CanFetch(queue)) return true;
            return false;
        }
    }

    /// <summary>The pump looks soon.</summary>
    public void Kick()
    {
        if (_nvme.IsRunning && _pump is { IsArmed: false }) _pump.Arm(NvmeTiming.Doorbell);
    }

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
