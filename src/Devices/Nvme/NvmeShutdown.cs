namespace Understudy.Devices;

/// <summary>How the driver last told a controller that power may go (CC.SHN).</summary>
public enum NvmeShutdown
{
    /// <summary>It has not since the controller was last enabled.</summary>
    None,
    /// <summary>Normally: queues deleted first.</summary>
    Normal,
    /// <summary>Abruptly.</summary>
    Abrupt,
}
