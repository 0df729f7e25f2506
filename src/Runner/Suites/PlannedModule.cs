using Understudy.Build;

namespace Understudy.Runner.Suites;

/// <summary>A module a test has loaded before its scripts run.</summary>
/// <param name="Name">Its name; or the path of its source directory, or of a <c>.ko</c>.</param>
/// <param name="Parameters">Its parameters as insmod takes them; empty for none.</param>
public sealed record PlannedModule(string Name, string Parameters)
{
    /// <summary>It is not one of the kernel's own: <see cref="Name"/> is a path.</summary>
    public bool IsPath => Name.Contains('/', StringComparison.Ordinal) || Name.EndsWith(".ko", StringComparison.Ordinal);

    /// <summary>Its name, or that of its directory or file.</summary>
    internal string PlainName => Path.GetFileName(Name);

    /// <summary>Those of its parameters that one of the modules of its directory takes.</summary>
    internal string ParametersOf(BuiltModule one) => string.Join(' ', Words.Where(word => Takes(one, word)));

    /// <summary>The first of its parameters that none of these takes, or more than one.</summary>
    internal string? ForNone(IReadOnlyList<BuiltModule> modules) => Words.FirstOrDefault(word => modules.Count(one => Takes(one, word)) != 1);

    IEnumerable<string> Words => Parameters.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    static bool Takes(BuiltModule one, string word) => one.Facts.Parameters.Contains(word.Split('=')[0]);

    /// <summary>Reads <c>r8169 debug=16</c>, or <c>../../drivers/nic debug=16</c>.</summary>
    /// <exception cref="FormatException">There is no name, or a word after it is no parameter.</exception>
    public static PlannedModule Parse(string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0 || words[0].Contains('=', StringComparison.Ordinal)) throw new FormatException($"expected a module such as 'r8169 debug=16', not '{text}'");
        return new PlannedModule(words[0], string.Join(' ', words[1..]));
    }

    /// <summary>The same, with a path that begins at this directory made absolute.</summary>
    /// <exception cref="FormatException">There is nothing at that path.</exception>
    public PlannedModule From(string directory)
    {
        if (!IsPath) return this;
        var path = Path.GetFullPath(Name, directory);
        return Path.Exists(path) ? this with { Name = path } : throw new FormatException($"there is no module directory and no .ko at {path}; a path begins at the directory of this file");
    }
}
