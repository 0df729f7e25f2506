namespace Understudy.Runner.Suites;

/// <summary>A module a test has loaded before its scripts run.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Parameters">Its parameters as insmod takes them; empty for none.</param>
public sealed record PlannedModule(string Name, string Parameters)
{
    /// <summary>Reads <c>r8169 debug=16</c>.</summary>
    /// <exception cref="FormatException">There is no name, or a word after it is no parameter.</exception>
    public static PlannedModule Parse(string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0 || words[0].Contains('=', StringComparison.Ordinal)) throw new FormatException($"expected a module such as 'r8169 debug=16', not '{text}'");
        return new PlannedModule(words[0], string.Join(' ', words[1..]));
    }
}
