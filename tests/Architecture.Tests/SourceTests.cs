using System.Text.RegularExpressions;

namespace Understudy.Architecture.Tests;

public class SourceTests
{
    const string Modifiers = @"(?:(?:static|sealed|abstract|readonly|partial|ref|unsafe|file|new|internal|protected|private|public)\s+)*";
    const string Kinds = @"(?:record\s+struct|record\s+class|class|struct|interface|enum|record)";

    // Models are state machines: no threads, no clock but their slot's, no chance but their slot's, no outside world.
    static readonly Regex Banned = new(
        @"\b(Thread|ThreadPool|Task|ValueTask|DateTime|DateTimeOffset|TimeProvider|Stopwatch|Monitor|Interlocked|Environment|FileStream|Socket|Process|Console)\b"
        + @"|\b(File|Directory|Parallel)\.|\bnew\s+(System\.)?Random\(|\bRandom\.Shared\b|\bGuid\.NewGuid\b|\b(async|await|lock|volatile)\b");

    static readonly Regex UnsafeCode = new(@"\b(unsafe|stackalloc\s+\w+\s*\*|DllImport|LibraryImport|fixed\s*\()");

    static readonly Regex PublicType = new($@"^public\s+{Modifiers}{Kinds}\s+(\w+)(<)?", RegexOptions.Multiline);

    static readonly Regex AnyType = new($@"^\s*{Modifiers}{Kinds}\s+(\w+)", RegexOptions.Multiline);

    static readonly Regex HollowName = new("(Manager|Helpers?|Utils?|Utility|Utilities|Base|Impl)$");

    // Split, so that this file does not find itself.
    static readonly Regex Unfinished = new(@"\b(TO" + "DO|FIX" + "ME|NotImplemented" + @"Exception)\b");

    static readonly Regex MachinePath = new(@"(?<![\w.~$}/-])/(root|home|work|tmp)/[A-Za-z]");

    static readonly string[] TextFiles = [".cs", ".csproj", ".props", ".slnx", ".json", ".yaml", ".yml", ".md", ".sh", ".c", ".h", ""];

    // Small types that are read together and nowhere else.
    static readonly string[] ReadTogether =
    [
        "src/Toolchain/DoctorCheck.cs", "src/Toolchain/Kernels/KernelListing.cs", "src/Verdict/Rules/BenignLines.cs", "src/Verdict/RunInfo.cs",
    ];

    [Fact]
    public void Models_have_no_threads_no_wall_clock_no_chance_and_no_outside_world() => Nowhere(Banned, Repository.Sources("src/Devices"));

    [Fact]
    public void Unsafe_code_lives_in_Linux()
    {
        Nowhere(UnsafeCode, Repository.Sources("src").Where(file => !InLinux(file)));
        Assert.All(Repository.Sources("src", "*.csproj").Where(file => !InLinux(file)), project =>
            Assert.DoesNotContain("AllowUnsafeBlocks", File.ReadAllText(project), StringComparison.Ordinal));

        static bool InLinux(string file) => Repository.Relative(file).StartsWith("src/Linux/", StringComparison.Ordinal);
    }

    public static TheoryData<string> SourceFiles => [.. Repository.Sources("src").Select(Repository.Relative)];

    [Theory]
    [MemberData(nameof(SourceFiles))]
    public void A_file_holds_one_public_type_and_has_its_name(string path)
    {
        var types = PublicType.Matches(CodeOnly.Of(File.ReadAllText(Repository.Path(path))));
        if (types.Count == 0 || ReadTogether.Contains(path)) return;
        Assert.True(types.Count == 1, $"{path} holds {string.Join(", ", types.Select(type => type.Groups[1].Value))}: one public type a file.");
        var (name, file) = (types[0].Groups[1].Value, Path.GetFileName(path).Split('.')[0]);
        Assert.True(file == name || (types[0].Groups[2].Success && file == name + "OfT"), $"{path} holds {name}: the file has the type's name (NameOfT.cs for the generic one of a pair).");
    }

    [Fact]
    public void No_name_is_hollow()
    {
        foreach (var file in Repository.Sources("src"))
            foreach (Match type in AnyType.Matches(CodeOnly.Of(File.ReadAllText(file))))
                Assert.False(HollowName.IsMatch(type.Groups[1].Value), $"{Repository.Relative(file)}: {type.Groups[1].Value} says nothing; name it by what it is or does.");
    }

    [Fact]
    public void Nothing_is_left_for_later() => NoLine(Unfinished, file => !file.EndsWith("TapResult.cs", StringComparison.Ordinal));   // TAP has a directive of that name

    [Fact]
    public void No_path_of_anybodys_machine_is_written_down()
        => NoLine(MachinePath, file => !file.StartsWith("tests/", StringComparison.Ordinal));

    static void Nowhere(Regex pattern, IEnumerable<string> files)
    {
        var found = files.SelectMany(file => Lines(pattern, Repository.Relative(file), CodeOnly.Of(File.ReadAllText(file)))).ToArray();
        Assert.True(found.Length == 0, string.Join('\n', found));
    }

    static void NoLine(Regex pattern, Func<string, bool> where)
    {
        if (Repository.TrackedFiles() is not { } tracked)
        {
            Assert.Skip("needs git and a checkout");
            return;
        }
        var found = tracked.Where(file => TextFiles.Contains(Path.GetExtension(file)) && where(file))
            .SelectMany(file => Lines(pattern, file, File.ReadAllText(Repository.Path(file)))).ToArray();
        Assert.True(found.Length == 0, string.Join('\n', found));
    }

    static IEnumerable<string> Lines(Regex pattern, string file, string text)
        => text.Split('\n').Select((line, index) => (line, index)).Where(at => pattern.IsMatch(at.line))
            .Select(at => $"{file}:{at.index + 1}: {pattern.Match(at.line).Value.Trim()}");
}
