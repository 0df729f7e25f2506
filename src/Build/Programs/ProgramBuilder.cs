using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Understudy.Toolchain;

namespace Understudy.Build;

/// <summary>Builds programs for guests: a C file into a static executable, a C# project into one self-contained file, the kernel's selftests
/// into static executables. The same sources are built once.</summary>
/// <param name="toolbox">Where compilers and the cache come from.</param>
public sealed partial class ProgramBuilder(Toolbox toolbox)
{
    const string Shelf = "guest-programs";
    const int MostKept = 40;

    /// <summary>The word names selftests of the kernel: <c>kselftest:7.2/vfio</c>, of Debian's package linux-source-7.2 those in
    /// <c>tools/testing/selftests/vfio</c>.</summary>
    public static bool IsSelftest(string word) => SelftestBuilder.IsName(word);

    /// <summary>Builds what is named, or finds it built.</summary>
    /// <param name="path">A <c>.c</c> file, a directory with one C# project, which must be an executable that can be published for
    /// <c>linux-x64</c>, or is a library that another program loads, or what <see cref="IsSelftest"/> knows, of which there come several.</param>
    /// <param name="cancel">Ends the compiler.</param>
    /// <exception cref="BuildFailedException">It does not compile.</exception>
    /// <exception cref="ToolchainException">A compiler is not here and cannot be fetched, or the disk is full.</exception>
    public async Task<IReadOnlyList<GuestProgram>> BuildAsync(string path, CancellationToken cancel = default)
        => IsSelftest(path) ? await new SelftestBuilder(toolbox).BuildAsync(path, cancel).ConfigureAwait(false)
            : Directory.Exists(path) ? await PublishAsync(CSharpSources.Project(path), cancel).ConfigureAwait(false) : [await CompileAsync(path, cancel).ConfigureAwait(false)];

    async Task<GuestProgram> CompileAsync(string source, CancellationToken cancel)
    {
        try
        {
            return new GuestProgram(Path.GetFileNameWithoutExtension(source), await toolbox.CompileAsync([source], cancel).ConfigureAwait(false), []);
        }
        catch (ToolchainException failed) when (failed.Problem == ToolchainProblem.ProgramFailed)
        {
            throw new BuildFailedException(failed.Message);
        }
    }

    async Task<IReadOnlyList<GuestProgram>> PublishAsync(string project, CancellationToken cancel)
    {
        var name = Path.GetFileNameWithoutExtension(project);
        var isLibrary = CSharpSources.IsLibrary(project);
        var entry = await toolbox.Cache.EntryAsync($"{Shelf}/{name}-{CSharpSources.Hash(project)}", async staging =>
        {
            var published = Path.Combine(staging, "published");
            if (isLibrary)
            {
                await RunAsync("dotnet", ["build", project, "-c", "Release", "-o", published, "--nologo", "-v", "quiet"], $"{project} does not compile", cancel).ConfigureAwait(false);
                foreach (var library in Directory.EnumerateFiles(published, "*.dll")) File.Copy(library, Path.Combine(staging, Path.GetFileName(library)));
                Directory.Delete(published, recursive: true);
                return;
            }
            await RunAsync("dotnet", ["publish", project, "-c", "Release", "-r", "linux-x64", "--self-contained", "-p:PublishSingleFile=true", "-o", published, "--nologo", "-v", "quiet"], $"{project} does not compile", cancel).ConfigureAwait(false);
            var executable = Directory.EnumerateFiles(published).FirstOrDefault(IsExecutable) ?? throw new BuildFailedException($"{project} is published without an executable: does it say <OutputType>Exe</OutputType>?");
            File.Copy(executable, Path.Combine(staging, Path.GetFileName(executable)));
            Directory.Delete(published, recursive: true);
            await CollectLibrariesAsync(executable: Path.Combine(staging, Path.GetFileName(executable)), Directory.CreateDirectory(Path.Combine(staging, "lib")).FullName, cancel).ConfigureAwait(false);
        }, cancel).ConfigureAwait(false);
        toolbox.Cache.Trim(Shelf, MostKept);
        if (isLibrary) return [.. Directory.EnumerateFiles(entry, "*.dll").Select(library => new GuestProgram(Path.GetFileName(library), library, []))];
        var program = Directory.EnumerateFiles(entry).Single(IsExecutable);
        return [new GuestProgram(Path.GetFileName(program), program, [.. Directory.EnumerateFiles(Path.Combine(entry, "lib"))])];
    }

    internal static bool IsExecutable(string file) => (File.GetUnixFileMode(file) & UnixFileMode.UserExecute) != 0 && Path.GetExtension(file).Length == 0;

    // The runtime in the file is native code of glibc's, and of this host's: dotnet runs here, so they are here.
    static async Task CollectLibrariesAsync(string executable, string directory, CancellationToken cancel)
    {
        var output = await RunAsync("ldd", [executable], $"the libraries of {executable} cannot be found", cancel).ConfigureAwait(false);
        foreach (Match library in LibraryPath().Matches(output))
            File.Copy(library.Value, Path.Combine(directory, Path.GetFileName(library.Value)), overwrite: true);
    }

    static async Task<string> RunAsync(string program, IReadOnlyList<string> arguments, string failure, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_NOLOGO"] = start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        // One left running would outlive us and hold our output open.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        try
        {
            using var process = Process.Start(start)!;
            await using var kill = cancel.Register(() => process.Kill(entireProcessTree: true)).ConfigureAwait(false);
            var (output, error) = (process.StandardOutput.ReadToEndAsync(CancellationToken.None), process.StandardError.ReadToEndAsync(CancellationToken.None));
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            cancel.ThrowIfCancellationRequested();
            var text = await output.ConfigureAwait(false) + await error.ConfigureAwait(false);
            return process.ExitCode == 0 ? text : throw new BuildFailedException($"{failure}: {FirstError(text)}");
        }
        catch (Win32Exception)
        {
            throw new ToolchainException(ToolchainProblem.MissingHostTool, program == "dotnet"
                ? "A C# program for the guest needs the .NET SDK: there is no 'dotnet' on the PATH."
                : $"There is no '{program}' on the PATH; install libc-bin.");
        }
    }

    static string FirstError(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.FirstOrDefault(line => line.Contains(": error ", StringComparison.Ordinal)) ?? (lines.Length > 0 ? lines[^1] : "it said nothing");
    }

    [GeneratedRegex(@"(?<=\s)/\S+(?=\s+\(0x)")]
    private static partial Regex LibraryPath();
}
