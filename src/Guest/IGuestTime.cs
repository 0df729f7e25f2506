namespace Understudy.Guest;

/// <summary>The time of a guest whose board has it in hand: it passes while somebody waits for the guest, and stands still while nobody
/// does, or while the guest waits for us. Any thread may call.</summary>
public interface IGuestTime
{
    /// <summary>Somebody waits for the guest, until <see cref="End"/>.</summary>
    void Begin();

    /// <summary>And no longer does.</summary>
    void End();

    /// <summary>The guest waits for us, or is about to be told something, until <see cref="Release"/>: no time passes, whoever waits.</summary>
    void Hold();

    /// <summary>It has been told.</summary>
    void Release();
}
