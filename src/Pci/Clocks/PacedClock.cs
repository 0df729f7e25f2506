using System.Diagnostics;

namespace Understudy.Pci;

/// <summary>Device time for a machine whose own time we cannot steer (QEMU, User Mode Linux): every bus access costs a fixed amount of it, and
/// when the bus has been quiet for a while it jumps to the next event, and 20 µs past it. A driver's poll loop makes progress at a fixed rate per poll, a sleeping
/// driver gets its interrupt, and neither depends on how fast the host happens to be. One that goes on sleeping between its polls gives the device
/// the time it sleeps, as the host measures it. An idle bus costs no host time.</summary>
public sealed class PacedClock : DeviceClock, IDisposable
{
    const long JumpNanoseconds = 20_000;
    const int Rhythm = 32;      // sleeps between accesses, one after the other, that are a driver's
    static readonly TimeSpan s_sleep = TimeSpan.FromMicroseconds(500);

    readonly long _accessCost;
    readonly TimeSpan _quiet;
    readonly AutoResetEvent _wanted = new(false);
    int _sleeps;
    long _lastAccess = Stopwatch.GetTimestamp();
    bool _watching, _started;
    volatile bool _disposed;

    /// <summary>Starts at zero.</summary>
    /// <param name="nanosecondsPerAccess">Device time that one bus access costs.</param>
    /// <param name="quiet">Host time without an access after which time jumps to the next event; 1 ms unless told. The bus is
    /// looked at once a millisecond at most, so less than that makes the mean wait shorter, and not each.</param>
    public PacedClock(long nanosecondsPerAccess = 500, TimeSpan? quiet = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(nanosecondsPerAccess);
        (_accessCost, _quiet) = (nanosecondsPerAccess, quiet ?? TimeSpan.FromMilliseconds(1));
        ArgumentOutOfRangeException.ThrowIfNegative(_quiet.Ticks, nameof(quiet));
    }

    /// <summary>Time stops for good; armed timers never fire.</summary>
    public void Dispose()
    {
        lock (Gate) _disposed = true;
        _wanted.Set();
    }

    /// <inheritdoc/>
    protected internal override void BeforeAccess()
    {
        if (_disposed) return;
        var slept = Stopwatch.GetElapsedTime(_lastAccess);
        _sleeps = slept < s_sleep ? 0 : _sleeps + 1;
        // Polled every so often, the bus is never quiet for long enough to jump. No more than that at once: it is done while the driver waits.
        // A pause now and then is the host's.
        RunDue(Later(_sleeps < Rhythm ? _accessCost : Math.Max(_accessCost, (slept < 2 * _quiet ? slept : 2 * _quiet).Ticks * TimeSpan.NanosecondsPerTick)));
        _lastAccess = Stopwatch.GetTimestamp();
    }

    /// <inheritdoc/>
    protected override void Armed()
    {
        if (_watching || _disposed) return;
        _watching = true;
        _wanted.Set();
        // The runtime's timers wake three threads and are up to 3 ms late, which is what a sleeping driver would wait for.
        if (!_started) new Thread(Watch) { IsBackground = true, Name = "quiet bus" }.Start();
        _started = true;
    }

    void Watch()
    {
        while (!_disposed)
        {
            _wanted.WaitOne();
            for (TimeSpan? left = _disposed ? null : _quiet; left is { } time; left = LeftOfQuiet()) _wanted.WaitOne(Milliseconds(time));
        }
    }

    /// <summary>Jumps when the bus has been quiet.</summary>
    /// <returns>When to ask again; null when nothing is due, or ever will be.</returns>
    TimeSpan? LeftOfQuiet()
    {
        lock (Gate)
        {
            var left = _quiet - Stopwatch.GetElapsedTime(_lastAccess);
            if (!_disposed && left <= TimeSpan.Zero && NextDue is { } due)
            {
                // What is due soon after comes in the same jump: a chain of events microseconds apart is one thing to a sleeping driver.
                RunDue(due + JumpNanoseconds);
                left = _quiet;
            }
            _watching = !_disposed && NextDue is not null;
            return _watching ? left : null;
        }
    }

    // Waits are counted in them: less than one would be none.
    static int Milliseconds(TimeSpan time) => (int)Math.Clamp(Math.Ceiling(time.TotalMilliseconds), 1, int.MaxValue);
}
