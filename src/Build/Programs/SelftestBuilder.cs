using System.Text.RegularExpressions;
using Understudy.Toolchain;

namespace Understudy.Build;

/// <summary>Builds the kernel's own selftests, out of Debian's package of its sources, into static programs for guests. A folder
/// <c>Selftests/NAME</c> beside this assembly may hold what a collection needs and the sources lack: <c>NAME.make</c>, what make is told, and
/// <c>include</c>, which it may name as <c>$(ADDITIONS)</c>. The same sources are built once.</summary>
sealed partial class SelftestBuilder(Toolbox toolbox)
{
    const string Shelf = "selftests";
    const int MostKept = 10;

    /// <summary>What names a collection: <c>kselftest:7.2/vfio</c>, the series of the sources and a directory of <c>tools/testing/selftests</c>.</summary>
    public static bool IsName(string word) => Name().IsMatch(word);

    /// <exception cref="BuildFailedException">There is no such collection, or it does not compile.</exception>
    /// <exception cref="ToolchainException">The sources or a compiler cannot be fetched.</exception>
    public async Task<IReadOnlyList<GuestProgram>> BuildAsync(string name, CancellationToken cancel)
    {
        var (series, collection) = (Name().Match(name).Groups[1].Value, Name().Match(name).Groups[2].Value);
        var architecture = Architecture.Named("x86_64");
        var tools = await BuildTools.OpenAsync(toolbox, new KernelRecipe($"debian:{series}"), architecture, _ => { }, cancel).ConfigureAwait(false);
        var (tree, version) = await toolbox.KernelSourceAsync(series, cancel).ConfigureAwait(false);
        if (!File.Exists(Path.Combine(tree, "tools/testing/selftests", collection, "Makefile"))) throw new BuildFailedException($"Linux {series} has no selftests '{collection}': there is no such directory in tools/testing/selftests");
        var additions = Path.Combine(AppContext.BaseDirectory, "Selftests", collection);
        var entry = await toolbox.Cache.EntryAsync($"{Shelf}/{collection.Replace('/', '-')}-{SourceTrees.Hash([version, tools.Compiler.Version, .. Contents(additions)])}", async staging =>
        {
            var work = Directory.CreateDirectory(Path.Combine(staging, "work")).FullName;
            await MakeAsync(["-C", tree, $"O={work}/headers", $"ARCH={architecture.Make}", "headers"]).ConfigureAwait(false);
            await MakeAsync(["-C", Path.Combine(tree, "tools/testing/selftests", collection), $"OUTPUT={work}/programs", $"KHDR_INCLUDES=-isystem {work}/headers/usr/include", $"ADDITIONS={additions}/include", "USERLDFLAGS=-static", .. Told(additions, collection)]).ConfigureAwait(false);
            foreach (var program in Directory.EnumerateFiles(Path.Combine(work, "programs")).Where(ProgramBuilder.IsExecutable)) File.Move(program, Path.Combine(staging, Path.GetFileName(program)));
            Directory.Delete(work, recursive: true);

            async Task MakeAsync(IReadOnlyList<string> arguments)
            {
                Directory.CreateDirectory(Path.Combine(work, "programs"));
                var make = new MakeRun(work, [.. arguments, $"-j{Environment.ProcessorCount}", .. tools.Variables], tools.Compiler.Path) { Log = Path.Combine(work, "build.log"), Environment = tools.Environment };
                var (code, lines) = await make.RunAsync(cancel).ConfigureAwait(false);
                if (code != 0) throw new BuildFailedException($"The selftests '{collection}' of linux {series} do not build: {lines.FirstOrDefault(line => line.Contains("error", StringComparison.OrdinalIgnoreCase)) ?? string.Join(' ', lines.TakeLast(1))}", BuildLog.Read(lines, tree));
            }
        }, cancel).ConfigureAwait(false);
        toolbox.Cache.Trim(Shelf, MostKept);
        return [.. Directory.EnumerateFiles(entry).Where(ProgramBuilder.IsExecutable).Order(StringComparer.Ordinal).Select(program => new GuestProgram(Path.GetFileName(program), program, []))];
    }

    static IReadOnlyList<string> Told(string additions, string collection)
    {
        var file = Path.Combine(additions, $"{Path.GetFileName(collection)}.make");
        return File.Exists(file) ? Profile.Told(file) : [];
    }

    static IEnumerable<string> Contents(string directory)
        => Directory.Exists(directory) ? Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(file => $"{Path.GetRelativePath(directory, file)}\n{File.ReadAllText(file)}") : [];

    [GeneratedRegex(@"^kselftest:(\d+\.\d+)/([\w-]+(?:/[\w-]+)*)$")]
    private static partial Regex Name();
}
