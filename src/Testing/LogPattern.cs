using System.Text.RegularExpressions;

namespace Understudy.Testing;

/// <summary>Patterns over kernel logs: without back references, so that no log can make one run for ever.</summary>
static class LogPattern
{
    /// <exception cref="FormatException">It is not a regular expression of that kind.</exception>
    public static Regex Parse(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception wrong) when (wrong is ArgumentException or NotSupportedException)
        {
            throw new FormatException($"expected a regular expression without look-around and back references, not '{pattern}': {wrong.Message}", wrong);
        }
    }
}
