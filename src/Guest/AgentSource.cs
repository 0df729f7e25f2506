namespace Understudy.Guest;

/// <summary>
/// The C source of the agent that is init in the guest, as this assembly carries it. It is one file, needs a C library and
/// the kernel's user-space headers, and is linked statically; gcc and tcc with musl both build it without warnings.
/// </summary>
public static class AgentSource
{
    static readonly Lazy<string> Source = new(Read);

    /// <summary>The whole text. Good as part of a cache key for compiled agents.</summary>
    public static string Text => Source.Value;

    /// <summary>Writes the source to a file, over whatever was there.</summary>
    public static void WriteTo(string path) => File.WriteAllText(path, Text);

    static string Read()
    {
        using var stream = typeof(AgentSource).Assembly.GetManifestResourceStream("agent.c")
            ?? throw new InvalidOperationException("agent.c is missing from the Guest assembly; rebuild it");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
