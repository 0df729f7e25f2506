namespace Understudy.Devices;

/// <summary>Administrative commands of a <see cref="Dsa"/> (registers.h: enum idxd_cmd).</summary>
enum DsaCommand
{
    None = 0,
    EnableDevice,
    DisableDevice,
    DrainAll,
    AbortAll,
    ResetDevice,
    EnableQueue,
    DisableQueues,
    DrainQueues,
    AbortQueues,
    ResetQueues,
    DrainPasid,
    AbortPasid,
    RequestInterruptHandle,
    ReleaseInterruptHandle,
}
