namespace Understudy.Boards;

/// <summary>Which boot of this host we are in: what was found out about its hardware holds until the next.</summary>
static class HostBoot
{
    public static string Id { get; } = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
}
