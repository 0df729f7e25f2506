using System.Diagnostics;
using Understudy.Linux;

namespace Understudy.Transports.VhostUserPci;

/// <summary>A kick is a message and an answer, and costs ten times what the access does that it tells of. Where accesses follow each other
/// closely, as a driver's do that keeps its card busy, the queue is watched instead, and the guest told that it need not kick
/// (VRING_USED_F_NO_NOTIFY): writes are posted then, as on a real bus, and reads still wait for all before them. A pause, or anything else the
/// guest has to say, ends it.</summary>
sealed class QueueWatch(CommandQueue commands, Virtqueue queue, UnixSocket guest, TimeSpan close)
{
    const int Enough = 32;

    int _closeKicks;
    long _last;

    /// <summary>A kick has been answered. Returns when nothing more came for a while, or a message did.</summary>
    public void Kicked()
    {
        var now = Stopwatch.GetTimestamp();
        _closeKicks = Stopwatch.GetElapsedTime(_last, now) < close ? _closeKicks + 1 : 0;
        if (_closeKicks >= Enough && !Look()) _closeKicks = 0;
        _last = Stopwatch.GetTimestamp();
    }

    // False after a pause.
    bool Look()
    {
        queue.WantsKicks(false);
        var (since, spoken) = (Stopwatch.GetTimestamp(), false);
        while (!spoken && Stopwatch.GetElapsedTime(since) < close)
            if (commands.Serve(queue)) since = Stopwatch.GetTimestamp();
            else spoken = guest.WaitReadable(TimeSpan.Zero);
        queue.WantsKicks(true);
        commands.Serve(queue);      // what came before the guest saw that
        return spoken;
    }
}
