using System.Diagnostics;

namespace Understudy.Pci;

/// <summary>Device time is the host's time. For benches and demos: nothing about it is repeatable.</summary>
public sealed class RealClock : DeviceClock, IDisposable
{
    readonly long _start = Stopwatch.GetTimestamp();
    readonly Timer _alarm;
    bool _disposed;

    /// <summary>Starts at zero, now.</summary>
    public RealClock() => _alarm = new Timer(_ => Ring(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <inheritdoc/>
    public override long Now
    {
        get => (long)Stopwatch.GetElapsedTime(_start).TotalNanoseconds;
        protected set { }
    }

    /// <summary>Armed timers never fire from here on.</summary>
    public void Dispose()
    {
        lock (Gate) _disposed = true;
        _alarm.Dispose();
    }

    /// <inheritdoc/>
    protected internal override void BeforeAccess()
    {
        if (!_disposed) RunDue(Now);
    }

    /// <inheritdoc/>
    protected override void Armed() => SetAlarm();

    void Ring()
    {
        lock (Gate)
        {
            if (_disposed) return;
            RunDue(Now);
            SetAlarm();
        }
    }

    void SetAlarm()
    {
        if (_disposed || NextDue is not { } due) return;
        // The host's timers count milliseconds: round up, or the alarm rings before the event is due and rings again.
        var milliseconds = Math.Clamp((due - Now) / 1_000_000 + 1, 0, int.MaxValue);
        _alarm.Change(milliseconds, Timeout.Infinite);
    }
}
