namespace Understudy.Pci;

/// <summary>Device time in nanoseconds, the events due in it, and the one lock of a bus. Who moves time is the subclass's business.</summary>
public abstract class DeviceClock
{
    readonly PriorityQueue<DeviceTimer, (long Due, long Order)> _queue = new(64);
    long _order;

    /// <summary>Nanoseconds of device time since the clock was made.</summary>
    public virtual long Now { get; protected set; }

    /// <summary>The lock of every bus that runs on this clock: models, timers, stimuli and transports hold it while they touch a device or
    /// the memory map. Nothing that holds it may wait for the machine.</summary>
    public Lock Gate { get; } = new();

    /// <summary>When the next timer is due, or null. Ask under <see cref="Gate"/>.</summary>
    protected long? NextDue => _queue.TryPeek(out _, out var key) ? key.Due : null;

    /// <summary>The machine is about to touch a device; called under <see cref="Gate"/>.</summary>
    protected internal virtual void BeforeAccess() { }

    /// <summary>A timer was armed; called under <see cref="Gate"/>.</summary>
    protected virtual void Armed() { }

    /// <summary>Runs everything due up to <paramref name="until"/>, in one total order: by due time, then by arming. Takes the lock.</summary>
    /// <returns>The number of timers that fired.</returns>
    protected int RunDue(long until)
    {
        var ran = 0;
        lock (Gate)
        {
            while (NextDue is { } due && due <= until)
            {
                var timer = _queue.Dequeue();
                timer.IsArmed = false;
                Now = Math.Max(Now, due);
                timer.Fire();
                ran++;
            }
            Now = Math.Max(Now, until);
        }
        return ran;
    }

    /// <summary>An access takes so much longer: that much device time passes, with all that falls due in it.</summary>
    internal virtual void Pass(long nanoseconds) => RunDue(Later(nanoseconds));

    /// <summary>A timer of a transport's: no device's, and in no trace. Its callback runs under <see cref="Gate"/>.</summary>
    /// <param name="name">For people.</param>
    /// <param name="callback">What happens then; must not throw.</param>
    public DeviceTimer NewTimer(string name, Action callback) => new(this, name, callback);

    internal void Arm(DeviceTimer timer, long nanoseconds)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(nanoseconds);
        Cancel(timer);
        timer.IsArmed = true;
        _queue.Enqueue(timer, (Later(Math.Max(nanoseconds, 1)), ++_order));
        Armed();
    }

    // Taken out at once: what a guest makes a model re-arm a million times must not pile up.
    internal void Cancel(DeviceTimer timer)
    {
        if (timer.IsArmed) _queue.Remove(timer, out _, out _);
        timer.IsArmed = false;
    }

    /// <summary>So many nanoseconds from now, or the end of time.</summary>
    private protected long Later(long nanoseconds)
    {
        var now = Now;
        return nanoseconds > long.MaxValue - now ? long.MaxValue : now + nanoseconds;
    }
}
