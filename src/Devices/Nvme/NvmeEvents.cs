namespace Understudy.Devices;

/// <summary>Asynchronous events (NVM Express Base 1.4, 5.2): the requests the host has left here, and what waits to be told. After one of a type was
/// told, that type is silent until its log page is read.</summary>
sealed class NvmeEvents(Nvme nvme)
{
    public const int MostRequests = 4;

    const uint ErrorType = 0, HealthType = 1, NoticeType = 2;
    const int MostWaiting = 16;
    readonly Queue<ushort> _requests = new(MostRequests);
    readonly List<(uint Type, uint Info, uint Log)> _waiting = new(MostWaiting);
    uint _silent;

    public bool CanDeliver => _requests.Count > 0 && nvme.Queues.HasRoomForEvent && FirstTold() >= 0;

    public int Requests => _requests.Count;

    public NvmeStatus Request(ushort commandId)
    {
        if (_requests.Count == MostRequests) return NvmeStatus.AsyncLimitExceeded;
        _requests.Enqueue(commandId);
        return NvmeAdmin.NoCompletion;
    }

    public bool Holds(int queue, ushort commandId) => queue == 0 && _requests.Contains(commandId);

    /// <summary>Ends a request.</summary>
    /// <returns>False when it is not among those kept.</returns>
    public bool Abort(ushort commandId)
    {
        if (!_requests.Contains(commandId) || !nvme.Queues.HasRoomForEvent) return false;
        nvme.Queues.PostEvent(commandId, 0, NvmeStatus.AbortRequested);
        for (var i = _requests.Count; i > 0; i--)
        {
            var request = _requests.Dequeue();
            if (request != commandId) _requests.Enqueue(request);
        }
        return true;
    }

    public void InvalidDoorbell(int queue, string doorbell, int value, bool exists)
    {
        nvme.Find(exists ? "doorbell-value" : "doorbell-queue", exists
            ? $"{value} was written to the {doorbell} doorbell of queue {queue}, whose pointer cannot go there"
            : $"the {doorbell} doorbell of queue {queue} was written; there is no such queue");
        nvme.Logs.HostError(queue, exists ? NvmeStatus.InvalidField : NvmeStatus.InvalidQueueIdentifier);
        Raise(ErrorType, exists ? 1u : 0, NvmeLogs.ErrorInformation);
    }

    public void TemperatureReached() => Raise(HealthType, 1, NvmeLogs.Health);

    public void NamespaceChanged() => Raise(NoticeType, 0, NvmeLogs.ChangedNamespaces);

    public void LogRead(int log)
    {
        _silent &= ~(log switch
        {
            NvmeLogs.ErrorInformation => 1u << (int)ErrorType,
            NvmeLogs.Health => 1u << (int)HealthType,
            NvmeLogs.ChangedNamespaces => 1u << (int)NoticeType,
            _ => 0u,
        });
        nvme.Queues.Kick();
    }

    /// <summary>Tells what can be told.</summary>
    public void Deliver()
    {
        while (CanDeliver)
        {
            var (type, info, log) = _waiting[FirstTold()];
            _waiting.RemoveAt(FirstTold());
            _silent |= 1u << (int)type;
            nvme.Queues.PostEvent(_requests.Dequeue(), type | info << 8 | log << 16);
        }
    }

    public void Reset()
    {
        _requests.Clear();
        _waiting.Clear();
        _silent = 0;
    }

    void Raise(uint type, uint info, int log)
    {
        var told = (type, info, (uint)log);
        if (!_waiting.Contains(told) && _waiting.Count < MostWaiting) _waiting.Add(told);
        nvme.Queues.Kick();
    }

    int FirstTold()
    {
        for (var i = 0; i < _waiting.Count; i++)
            if ((_silent >> (int)_waiting[i].Type & 1) == 0) return i;
        return -1;
    }
}
