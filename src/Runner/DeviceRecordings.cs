using Understudy.Devices;
using Understudy.Pci;

namespace Understudy.Runner;

/// <summary>The recordings of devices in run directories: one file for each, <c>NAME.trace.bin</c>.</summary>
public static class DeviceRecordings
{
    const string Ending = ".trace.bin";

    /// <summary>The file's name for a device's recording.</summary>
    public static string FileOf(string device) => device + Ending;

    /// <summary>The recordings in a run directory: files by the devices' names.</summary>
    public static IReadOnlyDictionary<string, string> In(string run)
        => Directory.EnumerateFiles(run, $"*{Ending}").Order(StringComparer.Ordinal).ToDictionary(file => Path.GetFileName(file)[..^Ending.Length]);

    /// <summary>Replays one on a fresh device of the catalog.</summary>
    /// <param name="file">The recording.</param>
    /// <param name="until">Stops before this entry; null for no limit.</param>
    /// <param name="untilNanoseconds">Stops at this device time; null for no limit.</param>
    /// <exception cref="InvalidDataException">It is no recording.</exception>
    /// <exception cref="KeyNotFoundException">The catalog has no such device.</exception>
    public static ReplayResult Replay(string file, long? until = null, long? untilNanoseconds = null)
    {
        CatalogEntry? entry = null;
        using var recording = new BufferedStream(File.OpenRead(file), 1 << 16);
        return DeviceReplay.Run(recording, header => (entry = Catalog.Find(header.Model)).Create(), (device, words) => entry!.Act(device, words), until, untilNanoseconds);
    }
}
