using System.Text;

namespace Understudy.Guest;

/// <summary>
/// The C source of the agent that is init in the guest, as this assembly carries it: the parts of src/Guest/Agent, put together
/// into one file. It needs a C library and the kernel's user-space headers, and is linked statically; gcc and tcc with musl both
/// build it without warnings.
/// </summary>
public static class AgentSource
{
    const string Include = "#include \"";

    static readonly Lazy<string> Source = new(PutTogether);

    /// <summary>The whole text. Good as part of a cache key for compiled agents.</summary>
    public static string Text => Source.Value;

    /// <summary>Writes the source to a file, over whatever was there.</summary>
    public static void WriteTo(string path) => File.WriteAllText(path, Text);

    static string PutTogether()
    {
        const string main = "agent.c";
        var text = new StringBuilder();
        var number = 0;
        foreach (var line in Read(main).Split('\n'))
        {
            number++;
            if (!line.StartsWith(Include, StringComparison.Ordinal))
            {
                text.Append(line).Append('\n');
                continue;
            }
            var part = line[Include.Length..^1];
            // Compilers then speak of the part and its line, not of this text.
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"#line 1 \"{part}\"\n{Read(part)}#line {number + 1} \"{main}\"\n");
        }
        return text.ToString();
    }

    static string Read(string part)
    {
        using var stream = typeof(AgentSource).Assembly.GetManifestResourceStream(part)
            ?? throw new InvalidOperationException($"{part} is missing from the Guest assembly; rebuild it");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
