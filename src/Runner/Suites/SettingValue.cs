using System.Globalization;
using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace Understudy.Runner.Suites;

/// <summary>What stands behind a key, read as what the key wants. Everything that is wrong is a <see cref="SettingException"/> with its line.</summary>
sealed partial class SettingValue(YamlNode node, string directory)
{
    /// <summary>The directory of its file, at which its relative paths begin.</summary>
    public string Directory => directory;

    public int Line => (int)node.Start.Line;

    public string Text() => node is YamlScalarNode { Value: { } text } ? text : throw Expected("a text");

    /// <summary>One text, or a list of them.</summary>
    public IReadOnlyList<string> Texts() => [.. Items().Select(item => item.Text())];

    /// <summary>One item, or a list of them, each read alone so that an error names its line.</summary>
    public IReadOnlyList<T> List<T>(Func<string, T> read) => [.. Items().Select(item => item.Read(read))];

    public T Read<T>(Func<string, T> read)
    {
        try
        {
            return read(Text());
        }
        catch (FormatException wrong)
        {
            throw new SettingException(Line, wrong.Message);
        }
    }

    /// <summary>One of an enumeration's names, in lower case.</summary>
    public T Word<T>() where T : struct, Enum
        => Enum.GetValues<T>().Cast<T?>().FirstOrDefault(value => value.ToString()!.Equals(Text(), StringComparison.OrdinalIgnoreCase))
            ?? throw Expected($"one of {string.Join(", ", Enum.GetNames<T>().Select(name => name.ToLowerInvariant()))}");

    /// <summary>Arguments: a list, or a text that is cut at spaces.</summary>
    public IReadOnlyList<string> Arguments()
        => node is YamlSequenceNode ? Texts() : Text().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    public int Number(int least, int most)
        => int.TryParse(Text(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number : throw Expected($"a number from {least} to {most}");

    /// <summary>A time such as <c>30s</c>.</summary>
    public TimeSpan Duration() => ParseDuration(Text()) ?? throw Expected("a time such as 500ms, 30s or 2m, of up to a day");

    /// <summary>A size such as <c>512M</c>, in MiB.</summary>
    public int Mebibytes()
    {
        var match = Size().Match(Text());
        var size = match.Success ? long.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) * (match.Groups[2].Value.StartsWith('G') ? 1024 : 1) : 0;
        return size is >= 64 and <= 65536 ? (int)size : throw Expected("guest memory such as 512M or 2G, from 64M to 64G");
    }

    /// <summary>Null for <c>false</c>, a reason for <c>true</c>, or the reason given.</summary>
    public string? Reason(string otherwise) => Text() switch
    {
        "true" or "yes" => otherwise,
        "false" or "no" or "" => null,
        var reason => reason,
    };

    public bool Flag() => Text() switch
    {
        "true" or "yes" => true,
        "false" or "no" => false,
        _ => throw Expected("true or false"),
    };

    public IReadOnlyList<AllowedLog> Allowed() => [.. Items().Select(item => item.AllowedOne())];

    public IReadOnlyList<AllowedCheck> AllowedChecks() => [.. Items().Select(item => item.AllowedCheck())];

    /// <summary>The keys of a map, in their order.</summary>
    public IEnumerable<(string Key, SettingValue Value)> Entries() => node is YamlMappingNode map
        ? map.Children.Select(pair => (new SettingValue(pair.Key, directory).Text(), new SettingValue(pair.Value, directory)))
        : throw Expected("'key: value' lines");

    public SettingException Expected(string what) => new(Line, $"expected {what}, not {Seen()}");

    public static TimeSpan? ParseDuration(string text)
    {
        var match = Time().Match(text.Trim());
        if (!match.Success || !double.TryParse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture, out var number)) return null;
        var seconds = number * match.Groups[2].Value switch { "ms" => 0.001, "m" => 60, "h" => 3600, _ => 1 };
        return seconds is > 0 and <= 86400 ? TimeSpan.FromSeconds(seconds) : null;
    }

    // Logs are hostile: no pattern of ours may take more than linear time.
    public static Regex Pattern(string text)
    {
        try
        {
            return new Regex(text, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception wrong) when (wrong is ArgumentException or NotSupportedException)
        {
            throw new FormatException($"'{text}' is not a regular expression we can use (no look-around, no back references): {wrong.Message}");
        }
    }

    AllowedCheck AllowedCheck()
    {
        var (check, reason) = WithReason("check", "NAME");
        try
        {
            return Suites.AllowedCheck.Of(check.Text(), reason);
        }
        catch (FormatException wrong)
        {
            throw new SettingException(check.Line, wrong.Message);
        }
    }

    AllowedLog AllowedOne()
    {
        var (pattern, reason) = WithReason("pattern", "REGEX");
        return new AllowedLog(pattern.Read(Pattern), reason);
    }

    (SettingValue What, string Reason) WithReason(string key, string value)
    {
        if (node is not YamlMappingNode) throw Expected($"'{key}: {value}' and 'reason: WHY'; what is allowed needs a reason");
        var entries = Entries().ToDictionary(entry => entry.Key, entry => entry.Value);
        return entries.Count == 2 && entries.TryGetValue(key, out var what) && entries.TryGetValue("reason", out var reason) && reason.Text().Length > 0
            ? (what, reason.Text())
            : throw Expected($"'{key}: {value}' and 'reason: WHY' and nothing else; what is allowed needs a reason");
    }

    /// <summary>The elements of a list.</summary>
    public IEnumerable<SettingValue> Elements() => node is YamlSequenceNode ? Items() : throw Expected("a list");

    IEnumerable<SettingValue> Items() => node is YamlSequenceNode sequence ? sequence.Children.Select(child => new SettingValue(child, directory)) : [this];

    string Seen() => node switch
    {
        YamlScalarNode { Value: { Length: > 0 } text } => $"'{text}'",
        YamlSequenceNode => "a list",
        YamlMappingNode => "'key: value' lines",
        _ => "nothing",
    };

    [GeneratedRegex(@"^(\d{1,9}(?:\.\d{1,6})?)\s*(ms|s|m|h)?$")]
    private static partial Regex Time();

    [GeneratedRegex(@"^(\d{1,9})\s*(M|G|MiB|GiB)?$")]
    private static partial Regex Size();
}
