using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Understudy.Toolchain;

namespace Understudy.Build;

/// <summary>Builds directories of external kernel modules (Documentation/kbuild/modules.rst) for kernels of the catalog and for our own. The
/// same sources for the same kernel by the same compiler are built once.</summary>
/// <param name="toolbox">Where headers and compilers come from.</param>
public sealed partial class ModuleBuilder(Toolbox toolbox)
{
    const string Shelf = "built-modules";
    const string WorkShelf = "module-work";
    const string LogName = "build.log";
    const string Format = "2";
    const string Lean = "lean";
    const int MostKept = 200;

    readonly Compilers _compilers = new(toolbox);

    /// <summary>Builds a directory, or finds it built. May be called by several threads and processes at once: one builds, the others wait.</summary>
    /// <param name="directory">The directory with the Kbuild file or Makefile. It is only read.</param>
    /// <param name="kernel">The kernel the modules are for.</param>
    /// <param name="makeVariables">More for make, as <c>NAME=value</c>.</param>
    /// <param name="cancel">Ends make.</param>
    /// <exception cref="BuildFailedException">The sources cannot be built.</exception>
    /// <exception cref="ToolchainException">Headers or compiler are not here and cannot be fetched, or the disk is full.</exception>
    public async Task<BuiltModules> BuildAsync(string directory, Kernel kernel, IReadOnlyList<string>? makeVariables = null, CancellationToken cancel = default)
    {
        var sources = ModuleSources.Read(directory);
        var headers = await toolbox.HeadersAsync(kernel, cancel).ConfigureAwait(false);
        if (headers.GccMajor is null && File.ReadLines(Path.Combine(headers.Directory, ".config")).Contains("CONFIG_CC_IS_CLANG=y"))
            throw new BuildFailedException($"{kernel.Name} was built with clang, and modules are built with gcc here, which do not go together. Build the kernel with gcc.");
        var compiler = headers.GccMajor is { } major ? await _compilers.GccAsync(major, cancel).ConfigureAwait(false) : await _compilers.AnyGccAsync(cancel).ConfigureAwait(false);
        var variables = makeVariables ?? [];
        var key = Hash(string.Join('\n', [Format, sources.Hash, kernel.Release, headers.Key, compiler.Version, .. variables]));
        var wasKnown = true;
        var entry = await toolbox.Cache.EntryAsync($"{Shelf}/{Plain(Path.GetFileName(sources.Directory))}-{key}", async staging =>
        {
            wasKnown = false;
            await MakeAsync(sources, kernel, headers, compiler, variables, staging, cancel).ConfigureAwait(false);
        }, cancel).ConfigureAwait(false);
        if (!wasKnown) toolbox.Cache.Trim(Shelf, MostKept);
        if (!wasKnown) toolbox.Cache.Trim(WorkShelf, MostKept);
        return Read(entry, wasKnown);
    }

    async Task MakeAsync(ModuleSources sources, Kernel kernel, KernelHeaders headers, Compiler compiler, IReadOnlyList<string> variables, string staging, CancellationToken cancel)
    {
        // One working copy for each directory and kernel: after a change of one file, make builds what depends on it.
        var name = Plain(Path.GetFileName(sources.Directory));
        var workshop = $"{WorkShelf}/{Hash($"{sources.Directory}\n{kernel.Release}\n{headers.Directory}\n{compiler.Command} {compiler.Version}\n{string.Join('\n', variables)}")}";
        using var held = await toolbox.Cache.LockAsync(workshop, cancel).ConfigureAwait(false);
        var work = toolbox.Cache.PathOf(workshop, name);
        Directory.CreateDirectory(work);
        sources.CopyTo(work);
        var log = toolbox.Cache.PathOf(workshop, LogName);
        File.Delete(log);
        var make = new MakeRun(toolbox.Cache.PathOf(workshop), Arguments(headers, work, name, compiler, variables), compiler.Path) { Log = log };
        var (code, lines) = await make.RunAsync(cancel).ConfigureAwait(false);
        var messages = BuildLog.Read(lines, work);
        if (code != 0) throw Failed(sources, kernel, messages, lines, log);
        var modules = Directory.EnumerateFiles(work, "*.ko", SearchOption.AllDirectories).ToList();
        if (modules.Count == 0) throw new BuildFailedException($"{sources.Directory} was built for {kernel.Name} and no module came of it. Does its Kbuild or Makefile say obj-m := NAME.o?", messages, log);
        foreach (var notes in Directory.EnumerateFiles(work, "*.gcno", SearchOption.AllDirectories)) KernelMake.Copy(notes, Path.Combine(staging, KernelBuild.Notes, Path.GetRelativePath(Path.GetDirectoryName(work)!, notes)));
        Directory.CreateDirectory(Path.Combine(staging, Lean));
        foreach (var module in modules)
        {
            File.Copy(module, Path.Combine(staging, Path.GetFileName(module)));
            await StripAsync(module, Path.Combine(staging, Lean, Path.GetFileName(module)), compiler, cancel).ConfigureAwait(false);
        }
        await File.WriteAllLinesAsync(Path.Combine(staging, LogName), lines.Select(line => line.Replace($"{work}/", "", StringComparison.Ordinal)), cancel).ConfigureAwait(false);
    }

    // The compiler's own strip; a host without it has larger files, and nothing else.
    static async Task StripAsync(string module, string lean, Compiler compiler, CancellationToken cancel)
    {
        File.Copy(module, lean);
        var start = new ProcessStartInfo("strip", ["--strip-debug", lean]) { RedirectStandardError = true };
        start.Environment["PATH"] = string.Join(':', [.. compiler.Path, start.Environment["PATH"]]);
        try
        {
            using var strip = Process.Start(start)!;
            await strip.StandardError.ReadToEndAsync(cancel).ConfigureAwait(false);
            await strip.WaitForExitAsync(cancel).ConfigureAwait(false);
            if (strip.ExitCode != 0) File.Copy(module, lean, overwrite: true);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            File.Copy(module, lean, overwrite: true);
        }
    }

    // Paths of this machine are in no module: the same sources give the same bytes elsewhere.
    static List<string> Arguments(KernelHeaders headers, string work, string name, Compiler compiler, IReadOnlyList<string> variables) =>
    [
        "-C", headers.Directory, $"M={work}", $"CC={compiler.Command}", $"-j{Environment.ProcessorCount}", "-Otarget",
        $"KCFLAGS=-ffile-prefix-map={work}=/usr/src/{name} -ffile-prefix-map={Path.GetDirectoryName(headers.Directory)}=/usr/src", .. Counting(headers), .. variables, "modules",
    ];

    // A kernel that counts lines has them counted in its modules.
    static IReadOnlyList<string> Counting(KernelHeaders headers) => File.ReadLines(Path.Combine(headers.Directory, ".config")).Contains("CONFIG_GCOV_KERNEL=y") ? Profile.CountsModules : [];

    static Exception Failed(ModuleSources sources, Kernel kernel, IReadOnlyList<CompilerMessage> messages, IReadOnlyList<string> lines, string log)
    {
        if (lines.Any(line => line.Contains("No space left on device", StringComparison.Ordinal)))
            return new ToolchainException(ToolchainProblem.DiskFull, $"The disk is full while building {sources.Directory}. Free some space, or point XDG_CACHE_HOME at a larger disk.");
        var first = BuildLog.First(messages)?.ToString() ?? string.Join(" / ", lines.TakeLast(3));
        var more = messages.Count(message => message.IsError) - 1;
        return new BuildFailedException($"{sources.Directory} does not compile for {kernel.Name} ({kernel.Release}): {first}{(more > 0 ? $" (and {more} more)" : "")}", messages, log);
    }

    static BuiltModules Read(string entry, bool wasKnown)
    {
        var modules = Directory.EnumerateFiles(entry, "*.ko").Order(StringComparer.Ordinal).Select(path => new BuiltModule(path, ModuleFacts.Read(path)) { LeanPath = Path.Combine(entry, Lean, Path.GetFileName(path)) }).ToList();
        var log = Path.Combine(entry, LogName);
        return new BuiltModules(InLoadOrder(modules), [.. BuildLog.Read(File.ReadLines(log), entry).Where(message => !message.IsError)], log, wasKnown);
    }

    static List<BuiltModule> InLoadOrder(List<BuiltModule> modules)
    {
        var ordered = new List<BuiltModule>();
        foreach (var module in modules) Visit(module);
        return ordered;

        void Visit(BuiltModule module)
        {
            if (ordered.Contains(module)) return;
            foreach (var needed in modules.Where(other => other != module && module.Facts.Depends.Contains(other.Facts.Name))) Visit(needed);
            ordered.Add(module);
        }
    }

    static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];

    internal static string Plain(string name) => Strange().Replace(name, "-");

    [GeneratedRegex("[^A-Za-z0-9_.-]")]
    private static partial Regex Strange();
}
