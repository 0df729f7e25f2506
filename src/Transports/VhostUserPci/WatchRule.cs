namespace Understudy.Transports.VhostUserPci;

/// <summary>When a queue is worth watching. What is close depends on the host: it is a few times what a kick costs there, which is learned from
/// the first ones, or what was asked for if that is more.</summary>
sealed class WatchRule(TimeSpan asked)
{
    /// <summary>Kicks whose distances are learned from: the kernel's search for devices, which does little else.</summary>
    public const int Learned = 64;

    /// <summary>So many close kicks in a row begin a watch, and so many accesses without one make it worth while.</summary>
    public const int Enough = 8;

    const int Times = 5;
    static readonly TimeSpan s_most = TimeSpan.FromMicroseconds(500);

    readonly TimeSpan[] _first = new TimeSpan[Learned];
    int _kicks, _closeKicks;
    bool _pays;

    /// <summary>A watch ends when nothing has come for so long.</summary>
    public TimeSpan Close { get; private set; } = asked;

    /// <summary>A kick came.</summary>
    /// <param name="since">How long after the one before it had been answered, or the watch had ended.</param>
    /// <returns>Whether to watch now.</returns>
    public bool Kicked(TimeSpan since)
    {
        if (_kicks < Learned) Learn(since);
        _closeKicks = since < Close ? _closeKicks + 1 : 0;
        return _pays || _closeKicks >= Enough;
    }

    /// <summary>The queue was watched.</summary>
    /// <param name="carried">Accesses that came without a kick; 0 when others kept us from the processor.</param>
    /// <param name="paused">It ended because nothing more came; else because of something the guest had to say.</param>
    public void Watched(int carried, bool paused)
    {
        if (carried >= Enough) _pays = true;
        else if (paused) (_pays, _closeKicks) = (false, 0);
    }

    void Learn(TimeSpan since)
    {
        _first[_kicks++] = since;
        if (_kicks < Learned) return;
        Array.Sort(_first);
        var several = Times * _first[Learned / 2];
        if (several > s_most) several = s_most;
        if (several > Close) Close = several;
    }
}
