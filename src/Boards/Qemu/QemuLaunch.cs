using System.Text.Json.Nodes;

namespace Understudy.Boards;

/// <summary>What a boot needs beside its spec.</summary>
/// <param name="Accelerator">What runs the guest.</param>
/// <param name="Firmware">Path of the firmware image.</param>
/// <param name="Initramfs">Path of the initial file system.</param>
/// <param name="Sockets">Where QEMU finds our sockets.</param>
/// <param name="Devices">The plugged devices' arguments.</param>
/// <param name="TscKilohertz">The host's TSC frequency where it is known; saves the guest a calibration.</param>
sealed record QemuLaunch(
    Accelerator Accelerator, string Firmware, string Initramfs, SocketDirectory Sockets, IReadOnlyList<JsonObject> Devices, long? TscKilohertz);
