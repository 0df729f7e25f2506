namespace Understudy.Pci;

/// <summary>Time stands still until a test moves it.</summary>
public sealed class ManualClock : DeviceClock
{
    /// <summary>Moves time on and runs what falls due.</summary>
    /// <returns>The number of timers that fired.</returns>
    public int Advance(long nanoseconds)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(nanoseconds);
        return RunDue(Later(nanoseconds));
    }

    /// <summary>Jumps from event to event until no timer is armed.</summary>
    /// <param name="limit">Most timers to fire: a model that re-arms for ever ends in an <see cref="InvalidOperationException"/>.</param>
    public void RunUntilIdle(int limit = 1_000_000)
    {
        lock (Gate)
        {
            while (NextDue is { } due)
                if ((limit -= RunDue(due)) < 0) throw new InvalidOperationException("The device's timers never come to rest.");
        }
    }
}
