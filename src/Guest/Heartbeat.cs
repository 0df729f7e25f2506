namespace Understudy.Guest;

/// <summary>A sign of life, sent by the agent once per second of guest time.</summary>
/// <param name="Uptime">How long the guest runs, by its own clock.</param>
/// <param name="Load1">Load average over one minute (proc_loadavg(5)).</param>
/// <param name="Load5">Load average over five minutes.</param>
/// <param name="Load15">Load average over fifteen minutes.</param>
/// <param name="Taint">The kernel's taint bits (Documentation/admin-guide/tainted-kernels.rst); 0 is clean.</param>
/// <param name="HostTimestamp">When it came, as <see cref="TimeProvider.GetTimestamp"/> of the client's clock.</param>
public sealed record Heartbeat(TimeSpan Uptime, double Load1, double Load5, double Load15, ulong Taint, long HostTimestamp);
