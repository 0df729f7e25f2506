namespace Understudy.Pci;

/// <summary>Time that a device shares with the machine it is in, kernel timers included: it stands still while either of them does
/// something, and goes from event to event. Whoever keeps the calendar of both moves it.</summary>
public sealed class CalendarClock : DeviceClock
{
    /// <summary>The last moment there is, in nanoseconds: 146 years. What is due later never comes.</summary>
    public const long End = 1L << 62;

    long _taken;

    /// <summary>When the next timer is due; null when none is, before <see cref="End"/>. From any thread.</summary>
    public long? Due
    {
        get { lock (Gate) return NextDue is { } due and < End ? due : null; }
    }

    // While the machine waits for an answer its time cannot be moved: it is told how long that took, and lets the time pass itself.
    internal override void Pass(long nanoseconds) => _taken = Math.Min(_taken + Math.Max(nanoseconds, 0), End - Now);

    /// <summary>How much longer the last access takes than an access does, in nanoseconds; asked once, by the transport that answers it.</summary>
    public long Taken()
    {
        lock (Gate)
        {
            var taken = _taken;
            _taken = 0;
            return taken;
        }
    }

    /// <summary>It is that time now: everything due by then runs, each at its own time.</summary>
    /// <param name="time">In nanoseconds; neither past nor beyond <see cref="End"/>.</param>
    public void AdvanceTo(long time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, Now);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(time, End);
        RunDue(time);
    }
}
