namespace Understudy.Verdict.Tests;

/// <summary>Host clocks that stand still until told.</summary>
sealed class SteppedTime : TimeProvider
{
    long _microseconds;

    public double Seconds
    {
        get => _microseconds / 1e6;
        set => _microseconds = (long)(value * 1e6);
    }

    public override long TimestampFrequency => 1_000_000;

    public override long GetTimestamp() => 5_000_000 + _microseconds;

    public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2026, 3, 14, 15, 9, 26, TimeSpan.Zero).AddMicroseconds(_microseconds);
}
