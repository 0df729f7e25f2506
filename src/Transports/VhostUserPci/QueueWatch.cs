using System.Diagnostics;
using Understudy.Linux;

namespace Understudy.Transports.VhostUserPci;

/// <summary>A kick is a message and an answer, and costs ten times what the access does that it tells of. Where accesses follow each other
/// closely, as a driver's do that keeps its card busy, the queue is watched instead, and the guest told that it need not kick
/// (VRING_USED_F_NO_NOTIFY): writes are posted then, as on a real bus, and reads still wait for all before them. A pause, or anything else the
/// guest has to say, ends it. What is close depends on the host: it is a few times what a kick costs there, or what was asked for if that is more.</summary>
sealed class QueueWatch(CommandQueue commands, Virtqueue queue, UnixSocket guest, TimeSpan close)
{
    const int Enough = 8, Times = 5;
    static readonly TimeSpan s_most = TimeSpan.FromMicroseconds(500);

    // The first ones are the kernel's search for devices, which does little else.
    readonly TimeSpan[] _first = new TimeSpan[64];
    TimeSpan _close = close;
    int _kicks, _closeKicks;
    long _last;

    /// <summary>A kick has been answered. Returns when nothing more came for a while, or a message did.</summary>
    public void Kicked()
    {
        var since = Stopwatch.GetElapsedTime(_last);
        if (_kicks < _first.Length) Learn(since);
        _closeKicks = since < _close ? _closeKicks + 1 : 0;
        if (_closeKicks >= Enough && !Look()) _closeKicks = 0;
        _last = Stopwatch.GetTimestamp();
    }

    void Learn(TimeSpan since)
    {
        _first[_kicks++] = since;
        if (_kicks < _first.Length) return;
        Array.Sort(_first);
        var several = Times * _first[_kicks / 2];
        if (several > s_most) several = s_most;
        if (several > _close) _close = several;
    }

    // False after a pause.
    bool Look()
    {
        queue.WantsKicks(false);
        var (since, spoken) = (Stopwatch.GetTimestamp(), false);
        while (!spoken && Stopwatch.GetElapsedTime(since) < _close)
            if (commands.Serve(queue)) since = Stopwatch.GetTimestamp();
            else spoken = guest.WaitReadable(TimeSpan.Zero);
        queue.WantsKicks(true);
        commands.Serve(queue);      // what came before the guest saw that
        return spoken;
    }
}
