using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>The queues, and the pump that moves commands through them: a doorbell arms a timer; each time it fires, what was fetched before is
/// carried out and completed, and more is fetched, in turn from all queues. Both are bounded, whatever the doorbells say. Nothing is fetched
/// whose completion would find no room.</summary>
sealed partial class NvmeQueues
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
}
