namespace Understudy.Toolchain;

/// <summary>One place packages come from, as the machine's own apt has it: one URI, with its suites and components.</summary>
sealed record AptSource(string Uri, IReadOnlyList<string> Suites, IReadOnlyList<string> Components, string SignedBy)
{
    /// <summary>Reads both notations of sources.list(5). A file is deb822 when its name ends in <c>.sources</c>.</summary>
    public static IEnumerable<AptSource> Parse(string fileName, string text) =>
        fileName.EndsWith(".sources", StringComparison.Ordinal) ? ParseDeb822(text) : ParseOneLine(text);

    /// <summary>The sources of this machine, in apt's order.</summary>
    public static IEnumerable<AptSource> OfMachine(string etcApt)
    {
        var parts = Path.Combine(etcApt, "sources.list.d");
        var files = Directory.Exists(parts) ? Directory.GetFiles(parts) : [];
        return files.Where(file => Path.GetExtension(file) is ".list" or ".sources").Order(StringComparer.Ordinal)
            .Prepend(Path.Combine(etcApt, "sources.list"))
            .Where(File.Exists)
            .SelectMany(file => Parse(file, File.ReadAllText(file)));
    }

    static IEnumerable<AptSource> ParseDeb822(string text)
    {
        foreach (var fields in Deb822.Paragraphs(text))
        {
            string Field(string name) => fields.GetValueOrDefault(name, "");
            if (!Words(Field("Types")).Contains("deb") || Field("Enabled").Trim() is "no" or "false" or "0") continue;
            foreach (var uri in Words(Field("URIs")))
                yield return new AptSource(uri, Words(Field("Suites")), Words(Field("Components")), Field("Signed-By").Trim());
        }
    }

    // deb [signed-by=/a/key arch=amd64] uri suite component...
    static IEnumerable<AptSource> ParseOneLine(string text)
    {
        foreach (var line in text.Split('\n').Select(line => line.Split('#')[0].Trim()))
        {
            var options = "";
            var rest = line;
            var open = line.IndexOf('[', StringComparison.Ordinal);
            var close = line.IndexOf(']', StringComparison.Ordinal);
            if (open > 0 && close > open)
            {
                options = line[(open + 1)..close];
                rest = line[..open] + line[(close + 1)..];
            }
            if (Words(rest) is not ["deb", var uri, var suite, .. var components]) continue;
            var signedBy = Words(options).FirstOrDefault(option => option.StartsWith("signed-by=", StringComparison.Ordinal)) ?? "";
            yield return new AptSource(uri, [suite], components, signedBy.Length > 0 ? signedBy["signed-by=".Length..] : "");
        }
    }

    static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
