using System.Text.Json;

namespace Understudy.Verdict;

/// <summary>What of their devices drivers have met: the content of <c>coverage.json</c> (docs/run-directory.md), of one run or of many.</summary>
/// <param name="Devices">By name in a run; by model in a merge.</param>
public sealed record Coverage(IReadOnlyList<CoveredDevice> Devices)
{
    /// <summary>The layout of the file.</summary>
    public int Schema { get; init; } = 1;

    /// <summary>What many runs met together, each model once; null when none says anything.</summary>
    public static Coverage? Merge(IEnumerable<Coverage> many)
    {
        ArgumentNullException.ThrowIfNull(many);
        var devices = many.SelectMany(coverage => coverage.Devices).GroupBy(device => device.Model).OrderBy(same => same.Key, StringComparer.Ordinal).Select(CoveredDevice.Merge).ToList();
        return devices.Count == 0 ? null : new Coverage(devices);
    }

    /// <summary>What the run directory at a path says; null where it says nothing that can be read.</summary>
    public static Coverage? Of(string run)
    {
        var file = Path.Combine(run, RunFiles.Coverage);
        if (!File.Exists(file)) return null;
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(file), RunJson.Default.Coverage) is { Devices: not null, Schema: 1 } read ? read : null;
        }
        catch (JsonException)
        {
            // Torn, or not ours: a run without it is a run like any other.
            return null;
        }
    }

    /// <summary>All of it as one line of JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, RunJson.Default.Coverage);

    /// <summary>All of it as lines to read.</summary>
    public IEnumerable<string> Lines() => Devices.SelectMany(device => device.Lines());
}
