using System.Globalization;
using System.Text.RegularExpressions;
using Understudy.Toolchain;

namespace Understudy.Boards;

/// <summary>The frequency at which a guest's time-stamp counter runs under TCG, which is the host's. The first guest measures it and says
/// so in its log; telling the next ones saves them the measurement. Kept until the host reboots.</summary>
sealed partial class TscFrequency(UnderstudyCache cache)
{
    string File => Path.Combine(cache.Root, "tsc-frequency");

    /// <summary>In kHz; null while no guest has measured it.</summary>
    public long? Known
        => System.IO.File.Exists(File) && System.IO.File.ReadAllLines(File) is [var boot, var kilohertz, ..] && boot == HostBoot.Id
            && long.TryParse(kilohertz, CultureInfo.InvariantCulture, out var known) ? known : null;

    public void Learn(string kernelMessage)
    {
        if (Detected().Match(kernelMessage) is not { Success: true } match) return;
        var kilohertz = (long)(double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) * 1000);
        System.IO.File.WriteAllLines(File, [HostBoot.Id, kilohertz.ToString(CultureInfo.InvariantCulture)]);
    }

    [GeneratedRegex(@"tsc: Detected ([0-9]+\.[0-9]+) MHz")]
    private static partial Regex Detected();
}
