using System.Diagnostics;
using Understudy.Linux;
using Understudy.Pci;

namespace Understudy.Transports.TimeTravel;

/// <summary>Gives a User Mode Linux guest its time (<c>time-travel=ext:</c>), and the devices in it the same: a guest that has nothing to do
/// jumps to whatever comes first, a timer of its kernel or one of a device. Time passes while somebody waits for the guest
/// (<see cref="Begin"/>), and stands still while nobody does or the guest waits for us (<see cref="Hold"/>): how fast the host is changes
/// nothing. Whatever the guest says is answered or ends the conversation; nothing it does holds us up.</summary>
public sealed class Calendar : IDisposable
{
    const int MostFindings = 100;

    // A guest that computes for longer than this is shown to its readers before it rests.
    static readonly TimeSpan s_late = TimeSpan.FromMilliseconds(500);

    readonly CalendarClock _clock;
    readonly UnixSocket _listener;
    readonly EventFd _wake = EventFd.Create();
    readonly Thread _thread;
    readonly List<BusFinding> _findings = [];
    volatile Line[] _lines = [];
    volatile ICaller[] _callers = [];
    TimedGuest? _guest;
    (long Looks, long Since)? _telling;
    (long Since, long Time)? _held;
    long? _hidden;
    int _waiters, _holds;
    volatile bool _stopping;

    /// <summary>Keeps a calendar for the guest that will connect; one.</summary>
    /// <param name="clock">The devices' clock, which is moved here and nowhere else.</param>
    /// <param name="socketPath">Where it listens; must not exist yet.</param>
    /// <exception cref="LinuxException">The socket cannot be made.</exception>
    public Calendar(CalendarClock clock, string socketPath)
    {
        ArgumentNullException.ThrowIfNull(clock);
        (_clock, SocketPath, _listener) = (clock, socketPath, UnixSocket.Listen(socketPath));
        _thread = new Thread(Keep) { IsBackground = true, Name = "calendar" };
        _thread.Start();
    }

    /// <summary>How long, by the host's clock, for an interrupt that is not noted or a line that is not listened to, before we go on; and for a
    /// guest nobody waits for, before its time passes at the pace of ours.</summary>
    internal TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>What the guest must be told: <c>time-travel=ext:PATH</c>.</summary>
    public string SocketPath { get; }

    /// <summary>What the guest said to its calendar that it must not say, each once.</summary>
    public IReadOnlyList<BusFinding> Findings
    {
        get { lock (_findings) return [.. _findings]; }
    }

    /// <summary>Serves a line of the guest's: what is written to it reaches the guest when it rests, and what it says is shown then.</summary>
    /// <param name="ours">Our end; taken over.</param>
    public Stream Serve(UnixSocket ours)
    {
        var line = new Line(ours, Wake);
        _lines = [.. _lines, line];
        Wake();
        return line;
    }

    /// <summary>Somebody waits for the guest: its time may pass. From any thread.</summary>
    public void Begin()
    {
        Interlocked.Increment(ref _waiters);
        Wake();
    }

    /// <summary>And no longer does.</summary>
    public void End() => Interlocked.Decrement(ref _waiters);

    /// <summary>The guest waits for us: its time stands still until <see cref="Release"/>, whoever else waits. From any thread.</summary>
    public void Hold() => Interlocked.Increment(ref _holds);

    /// <summary>It has been told what it waits for.</summary>
    public void Release()
    {
        Interlocked.Decrement(ref _holds);
        Wake();
    }

    /// <summary>Ends all lines, and the conversation: a guest that still runs panics.</summary>
    public void Dispose()
    {
        if (_stopping) return;
        _stopping = true;
        Wake();
        _thread.Join();
        _wake.Dispose();
    }

    internal void Add(ICaller caller) => _callers = [.. _callers, caller];

    /// <summary>Tells the guest of the interrupts it has from what it did just now. By a device's thread, before it lets the guest go on.</summary>
    internal void Call()
    {
        foreach (var caller in _callers) caller.Call(answer => answer.WaitReadable(Patience) || NotNoted());
    }

    void Wake() => _wake.Signal();

    void Keep()
    {
        try
        {
            while (!_stopping)
                if (Step() is var idle && idle != TimeSpan.Zero) Sleep(idle);
        }
        catch (Exception exception)
        {
            Found(exception.ToString());
        }
        _guest?.Dispose();
        _listener.Dispose();
        foreach (var line in _lines) line.End();
    }

    void Sleep(TimeSpan longest)
    {
        var lines = _lines;
        List<FileDescriptor> sources = [_wake];
        if (_guest is not { IsGone: true }) sources.Add(_guest?.Socket ?? _listener);
        foreach (var line in lines)
            if (line.Source is { } source) sources.Add(source);
        var ready = FileDescriptor.WaitAnyReadable(sources.ToArray(), longest);
        if (ready == 0) return;
        if ((ready & 1) != 0) _wake.Take();
        if (_guest is not null) _guest.Serve();
        else if ((ready & 2) != 0 && _listener.Accept() is { } socket) _guest = new TimedGuest(socket, _clock, Found);
        foreach (var line in lines) line.Hear();
    }

    // Does what there is to do. Says how long to sleep unless something happens; zero when there may be more.
    TimeSpan Step()
    {
        if (_guest is not { Rests: true, IsGone: false } guest) return ShowLate();
        foreach (var line in _lines)
        {
            line.Hear();
            line.Show();
        }
        // The order counts. What readers do with what they read, they do before they read on. Who begins to wait has before that held the
        // time, told the guest something, or done something to a device.
        if (!Array.TrueForAll(_lines, line => line.IsRead)) return Timeout.InfiniteTimeSpan;
        var isAwaited = Volatile.Read(ref _waiters) > 0;
        if (Volatile.Read(ref _holds) > 0) return Timeout.InfiniteTimeSpan;
        if (isAwaited) _held = null;
        else if (Stand(Earlier(guest.Wanted, _clock.Due)) is { } still) return still;
        foreach (var caller in _callers) caller.Call(AwaitServing);
        if (Tell(guest) is { } left) return left;
        return Earlier(guest.Wanted, _clock.Due) is { } time ? Go(guest, time) : TimeSpan.FromMilliseconds(10);
    }

    // What was written to lines meanwhile reaches the guest now; it notes that by looking what time it is, and then wanting to run at that.
    // Told to go on before it has said both, it would miss that: so it is told nothing while it wants to run now for another reason.
    TimeSpan? Tell(TimedGuest guest)
    {
        if (_telling is null)
        {
            if (guest.Wanted <= _clock.Now) return null;
            var looks = guest.Looks;
            if (!Array.Exists(_lines, line => line.Tell())) return null;
            _telling = (looks, Stopwatch.GetTimestamp());
        }
        var left = Patience - Stopwatch.GetElapsedTime(_telling.Value.Since);
        var noted = guest.Looks > _telling.Value.Looks && guest.Wanted <= _clock.Now;
        if (!noted && left > TimeSpan.Zero) return left;
        if (!noted) NotNoted();
        _telling = null;
        return null;
    }

    // Nobody waits for the guest. Null when it may go on all the same.
    TimeSpan? Stand(long? next)
    {
        var (since, time) = _held ??= (Stopwatch.GetTimestamp(), _clock.Now);
        if (next is null) return Timeout.InfiniteTimeSpan;
        const long nanosecondsPerTick = 100;
        var left = Patience + TimeSpan.FromTicks((next.Value - time) / nanosecondsPerTick) - Stopwatch.GetElapsedTime(since);
        return left > TimeSpan.Zero ? left : null;
    }

    TimeSpan Go(TimedGuest guest, long time)
    {
        // Devices first: what is due in one at the same time is there when the guest looks.
        _clock.AdvanceTo(time);
        if (guest.Wanted != time || Array.Exists(_callers, caller => caller.OwesCall)) return TimeSpan.Zero;
        guest.Run();
        return Timeout.InfiniteTimeSpan;
    }

    TimeSpan ShowLate()
    {
        if (!Array.Exists(_lines, line => line.HasHidden))
        {
            _hidden = null;
            return Timeout.InfiniteTimeSpan;
        }
        _hidden ??= Stopwatch.GetTimestamp();
        if (_guest is { IsGone: true } || Stopwatch.GetElapsedTime(_hidden.Value) >= s_late)
            foreach (var line in _lines) line.Show();
        return s_late;
    }

    bool AwaitServing(FileDescriptor answer)
    {
        var since = Stopwatch.GetTimestamp();
        while (Patience - Stopwatch.GetElapsedTime(since) is var left && left > TimeSpan.Zero && !_stopping && _guest is { IsGone: false } guest)
        {
            var ready = FileDescriptor.WaitAnyReadable([answer, guest.Socket, _wake], left);
            if ((ready & 1) != 0) return true;
            if ((ready & 2) != 0) guest.Serve();
            if ((ready & 4) != 0) _wake.Take();
        }
        return NotNoted();
    }

    bool NotNoted()
    {
        if (!_stopping && _guest is { IsGone: false }) Found($"it takes no note of what comes in, for {Patience.TotalSeconds} s");
        return false;
    }

    static long? Earlier(long? one, long? other) => one is null || other < one ? other : one;

    void Found(string text)
    {
        lock (_findings)
            if (_findings.Count < MostFindings && !_findings.Exists(finding => finding.Text == text))
                _findings.Add(new BusFinding("time-travel-protocol", text, _clock.Now, ""));
    }
}
