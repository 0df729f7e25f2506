using System.Text.Json.Nodes;

namespace Understudy.Boards;

/// <summary>What a start of QEMU needs beside the spec.</summary>
/// <param name="Accelerator">What runs the guest.</param>
/// <param name="Firmware">Path of the firmware image.</param>
/// <param name="Sockets">The directory where QEMU finds our sockets.</param>
/// <param name="Slots">How many slots there are, taken or free.</param>
sealed record QemuLaunch(Accelerator Accelerator, string Firmware, string Sockets, int Slots)
{
    /// <summary>The devices that are there from the beginning, in the first slots.</summary>
    public IReadOnlyList<JsonObject> Devices { get; init; } = [];

    /// <summary>Path of the initial file system, for a boot.</summary>
    public string? Initramfs { get; init; }

    /// <summary>Path of the saved guest to continue instead.</summary>
    public string? Saved { get; init; }

    /// <summary>The host's TSC frequency where it is known; saves a boot the calibration.</summary>
    public long? TscKilohertz { get; init; }
}
