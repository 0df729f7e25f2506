using System.Diagnostics;
using Understudy.Linux;

namespace Understudy.Transports.VhostUserPci;

/// <summary>A kick is a message and an answer, and costs ten times what the access does that it tells of. Where accesses follow each other
/// closely, as a driver's do that keeps its card busy, the queue is watched instead, and the guest told that it need not kick
/// (VRING_USED_F_NO_NOTIFY): writes are posted then, as on a real bus, and reads still wait for all before them. A pause, or anything else the
/// guest has to say, ends it; the next kick begins it anew as long as it pays.</summary>
sealed class QueueWatch(CommandQueue commands, Virtqueue queue, UnixSocket guest, TimeSpan close)
{
    readonly WatchRule _rule = new(close);
    long _last;

    /// <summary>A kick has been answered. Returns when nothing more came for a while, or a message did.</summary>
    public void Kicked()
    {
        if (_rule.Kicked(Stopwatch.GetElapsedTime(_last))) Look();
        _last = Stopwatch.GetTimestamp();
    }

    void Look()
    {
        queue.WantsKicks(false);
        var (since, carried, spoken, crowded) = (Stopwatch.GetTimestamp(), 0, false, false);
        while (!spoken && !crowded && Stopwatch.GetElapsedTime(since) < _rule.Close)
            if (commands.Serve(queue) is > 0 and var some) (since, carried) = (Stopwatch.GetTimestamp(), carried + some);
            else if (!(spoken = guest.WaitReadable(TimeSpan.Zero))) crowded = GiveWay();
        queue.WantsKicks(true);
        carried += commands.Serve(queue);      // what came before the guest saw that
        _rule.Watched(crowded ? 0 : carried, paused: !spoken);
    }

    // The guest itself may be waiting for this processor. Where others have it for long, a kick wakes us sooner than our turn comes.
    bool GiveWay()
    {
        var since = Stopwatch.GetTimestamp();
        Thread.Yield();
        return Stopwatch.GetElapsedTime(since) >= _rule.Close;
    }
}
