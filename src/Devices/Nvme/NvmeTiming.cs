namespace Understudy.Devices;

/// <summary>How long things take, in nanoseconds of device time. Shorter than on silicon: a paced clock passes 20 microseconds in one go.</summary>
static class NvmeTiming
{
    public const long Ready = 5_000;
    public const long Stopped = 2_000;
    public const long Shutdown = 5_000;
    public const long Doorbell = 1_000;
    public const long NextBatch = 1_000;
}
