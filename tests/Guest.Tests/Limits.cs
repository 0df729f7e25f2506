namespace Understudy.Guest.Tests;

static class Limits
{
    /// <summary>A test that runs so long, in milliseconds, hangs.</summary>
    public const int Hang = 60_000;
}
