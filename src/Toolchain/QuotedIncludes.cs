using System.Text.RegularExpressions;

namespace Understudy.Toolchain;

/// <summary>The headers a C source names in quotes, which are its own; those in angle brackets are the compiler's.</summary>
public static partial class QuotedIncludes
{
    /// <summary>Their names as they are written, in order. It is not asked whether they are compiled, nor whether they are there.</summary>
    /// <param name="file">A C source or header that is there.</param>
    public static IEnumerable<string> In(string file) => File.ReadLines(file).Select(line => Directive().Match(line)).Where(match => match.Success).Select(match => match.Groups[1].Value);

    [GeneratedRegex("""^\s*#\s*include\s*"([^"\0]+)"([^"]|$)""")]
    private static partial Regex Directive();
}
