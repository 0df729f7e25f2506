namespace Understudy.Cli;

/// <summary>What the terminal on standard output can do.</summary>
static class Terminal
{
    static readonly Dictionary<string, string> s_codes = new() { ["green"] = "32", ["red"] = "31", ["yellow"] = "33", ["magenta"] = "35", ["grey"] = "90" };

    /// <summary>Standard output is a terminal, and nobody has asked for plain text (NO_COLOR, TERM=dumb).</summary>
    public static bool IsRich { get; } = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");

    static readonly bool s_colours = IsRich && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    /// <summary>Columns.</summary>
    public static int Width => IsRich ? Math.Max(40, Console.WindowWidth) : int.MaxValue;

    /// <summary>A text in a colour, where there are colours.</summary>
    public static string Styled(string colour, string text)
        => s_colours && s_codes.TryGetValue(colour, out var code) ? $"\e[{code}m{text}\e[0m" : text;
}
