using System.Globalization;

namespace Understudy.Build;

/// <summary>One error or warning of a build.</summary>
/// <param name="IsError">It ends the build; a warning does not.</param>
/// <param name="File">The file it is about, relative to the sources where it is one of them; empty when it is about none.</param>
/// <param name="Line">The line in it, from 1; 0 when it is about no line.</param>
/// <param name="Text">What is wrong, in the tool's own words.</param>
public sealed record CompilerMessage(bool IsError, string File, int Line, string Text)
{
    /// <summary><c>nic.c:12: error: unknown type name 'u33'</c></summary>
    public override string ToString()
    {
        var where = File.Length == 0 ? "" : Line == 0 ? $"{File}: " : string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}: ");
        return $"{where}{(IsError ? "error" : "warning")}: {Text}";
    }
}
