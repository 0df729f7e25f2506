namespace Understudy.Toolchain;

/// <summary>Paragraphs of "Field: value" lines with continuation lines, as in control files and .sources (deb822(5)).</summary>
static class Deb822
{
    public static IEnumerable<IReadOnlyDictionary<string, string>> Paragraphs(string text)
    {
        var fields = New();
        string? last = null;
        foreach (var line in text.Split('\n').Select(line => line.TrimEnd()))
        {
            if (line.StartsWith('#')) continue;
            if (line.Length == 0)
            {
                if (fields.Count > 0) yield return fields;
                fields = New();
                last = null;
            }
            else if (line[0] is ' ' or '\t')
            {
                if (last is not null) fields[last] += "\n" + line.Trim();
            }
            else if (line.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon)
            {
                last = line[..colon];
                fields[last] = line[(colon + 1)..].Trim();
            }
        }
        if (fields.Count > 0) yield return fields;
    }

    static Dictionary<string, string> New() => new(StringComparer.OrdinalIgnoreCase);
}
