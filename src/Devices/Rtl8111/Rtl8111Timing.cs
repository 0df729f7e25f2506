namespace Understudy.Devices;

/// <summary>How long things take, in nanoseconds of device time. Shorter than on silicon where a driver polls: on a paced clock, which moves
/// half a microsecond an access, a poll loop of 20 turns must see the end of what it waits for.</summary>
static class Rtl8111Timing
{
    public const long IndirectAccess = 1_000;
    public const long ChipReset = 2_000;
    public const long CounterDump = 1_000;
    public const long Transmit = 2_000;
    public const long NextBatch = 1_000;
    public const long Receive = 0;       // in the same instant, but never inside the sender's call
    public const long PhyReset = 5_000;
    public const long Negotiation = 2_000_000;
    public const long PeerAnswer = 5_000;
}
