using System.Globalization;
using System.Text.RegularExpressions;

namespace Understudy.Build;

/// <summary>Reads what gcc, clang, ld, modpost and make say.</summary>
static partial class BuildLog
{
    /// <summary>All errors and warnings, in their order. What make says of a failed recipe is none: it only repeats that something failed.</summary>
    /// <param name="lines">The log.</param>
    /// <param name="root">Files below this directory are named relative to it.</param>
    public static IReadOnlyList<CompilerMessage> Read(IEnumerable<string> lines, string root) => [.. lines.Select(line => Message(line, root)).OfType<CompilerMessage>().Distinct()];

    /// <summary>The error that explains the others: of the compiler, else of the linker and modpost, else of make.</summary>
    public static CompilerMessage? First(IReadOnlyList<CompilerMessage> messages)
    {
        var errors = messages.Where(message => message.IsError).ToList();
        return errors.Find(error => error.Line > 0 && !error.File.EndsWith("Makefile", StringComparison.Ordinal)) ?? errors.FirstOrDefault();
    }

    static CompilerMessage? Message(string line, string root)
    {
        if (OfCompiler().Match(line) is { Success: true } compiler) return new(compiler.Groups["kind"].Value != "warning", Relative(compiler.Groups["file"].Value, root), Line(compiler), compiler.Groups["text"].Value);
        if (OfModpost().Match(line) is { Success: true } modpost) return new(modpost.Groups["kind"].Value == "ERROR", "", 0, modpost.Groups["text"].Value);
        if (OfLinker().Match(line) is { Success: true } linker) return new(true, Relative(linker.Groups["file"].Value, root), 0, linker.Groups["text"].Value);
        if (OfMakefile().Match(line) is { Success: true } makefile) return new(true, Relative(makefile.Groups["file"].Value, root), Line(makefile), makefile.Groups["text"].Value);
        if (OfMake().Match(line) is { Success: true } make) return new(true, "", 0, make.Groups["text"].Value);
        if (OfTool().Match(line) is { Success: true } tool) return new(true, "", 0, tool.Value);
        return null;
    }

    static int Line(Match match) => int.TryParse(match.Groups["line"].ValueSpan, CultureInfo.InvariantCulture, out var line) ? line : 0;

    static string Relative(string file, string root) => file.StartsWith(root + "/", StringComparison.Ordinal) ? file[(root.Length + 1)..] : file.StartsWith("./", StringComparison.Ordinal) ? file[2..] : file;

    // file.c:12:5: error: text     file.S:12: Error: text
    [GeneratedRegex(@"^(?<file>[^\s:][^:]*):(?<line>\d+):(\d+:)? (?<kind>fatal error|error|Error|warning): (?<text>.+)$", RegexOptions.ExplicitCapture)]
    private static partial Regex OfCompiler();

    // ERROR: modpost: "foo" [/path/x.ko] undefined!
    [GeneratedRegex(@"^(?<kind>ERROR|WARNING): (modpost: )?(?<text>.+)$", RegexOptions.ExplicitCapture)]
    private static partial Regex OfModpost();

    // ld: x.o: in function `f': x.c:(.text+0x1): undefined reference to `g'
    [GeneratedRegex(@"^(\S*\bld(\.\w+)?: )?(?<file>[^\s:]+):\(\.[\w.+]+\): (?<text>(undefined reference|multiple definition).+)$|^\S*\bld(\.\w+)?: (error: )?(?<text>(undefined|duplicate|cannot|unrecognized).+)$", RegexOptions.ExplicitCapture)]
    private static partial Regex OfLinker();

    // /path/Makefile:3: *** missing separator.  Stop.
    [GeneratedRegex(@"^(?<file>[^\s:]+):(?<line>\d+): \*\*\* (?!\[)(?<text>.+?)(\.?\s+Stop\.)?$", RegexOptions.ExplicitCapture)]
    private static partial Regex OfMakefile();

    // make[2]: *** No rule to make target 'x.o', needed by 'y.o'.  Stop.
    [GeneratedRegex(@"^make(\[\d+\])?: \*\*\* (?<text>No rule.+?)(\.?\s+Stop\.)?$", RegexOptions.ExplicitCapture)]
    private static partial Regex OfMake();

    // gcc: error: unrecognized command-line option '-x'     cc1: some warnings being treated as errors     sh: 1: bison: not found
    [GeneratedRegex(@"^(\S*(gcc|clang|cc1|as|ar|ld)(-\d+)?: (fatal )?error: .+|.*sh: (line )?\d+: \S+: (command )?not found|.*: No space left on device.*)$", RegexOptions.ExplicitCapture)]
    private static partial Regex OfTool();
}
