using System.Text.Json.Serialization;

namespace Understudy.Verdict;

/// <summary>Who saw a finding.</summary>
[JsonConverter(typeof(CamelCase<FindingSource>))]
public enum FindingSource
{
    /// <summary>The kernel log, streamed by the agent.</summary>
    Kernel,

    /// <summary>The serial console.</summary>
    Console,

    /// <summary>A device model or a check on its bus.</summary>
    Device,

    /// <summary>The lab itself: QEMU, the host, the run directory.</summary>
    Lab,

    /// <summary>The agent in the guest.</summary>
    Agent,
}
