using System.Diagnostics;
using Understudy.Toolchain;

namespace Understudy.Build;

/// <summary>A container image that make runs in, and the compilers in it. The container has no more of this host than the directories it builds
/// in, under their own names.</summary>
/// <param name="Image">As podman names it: <c>docker.io/tuxmake/x86_64_gcc-14</c>, <c>localhost/builder</c>.</param>
/// <param name="Id">The image's own id: another image by the same name builds anew.</param>
sealed record Podman(string Image, string Id)
{
    const string Program = "podman";

    /// <summary>Finds the image, and fetches it where this host does not have it.</summary>
    /// <exception cref="ToolchainException">There is no podman, or no such image.</exception>
    public static async Task<Podman> OpenAsync(string image, Action<string> says, CancellationToken cancel)
    {
        if (!HostTool.Has(Program)) throw new ToolchainException(ToolchainProblem.MissingHostTool, "--podman needs podman, which is not in PATH: install it (sudo apt-get install podman), or build without it.");
        if (await IdAsync(image, cancel).ConfigureAwait(false) is { } known) return new Podman(image, known);
        says($"fetching the image {image}");
        await HostTool.RunAsync(Program, ["pull", "--quiet", image], "/", $"fetching the image {image}", cancel).ConfigureAwait(false);
        return new Podman(image, await IdAsync(image, cancel).ConfigureAwait(false) ?? throw new ToolchainException(ToolchainProblem.ProgramFailed, $"podman fetched {image} and does not have it."));
    }

    static async Task<string?> IdAsync(string image, CancellationToken cancel)
        => await HostTool.TryAsync(Program, ["image", "inspect", "--format", "{{.Id}}", image], "/", cancel).ConfigureAwait(false) is (0, var id, _) ? id.Trim() : null;

    /// <summary>What a program of the image says to <c>--version</c>, its first line.</summary>
    /// <exception cref="ToolchainException">The image has no such program, or containers do not run here.</exception>
    public async Task<string> VersionAsync(string program, CancellationToken cancel)
    {
        var (code, output, error) = await HostTool.TryAsync(Program, ["run", "--rm", Image, program, "--version"], "/", cancel).ConfigureAwait(false);
        if (code == 0) return output.Split('\n')[0].Trim();
        // podman-run(1): 125 is podman's own failure, 126 and 127 are the program's.
        throw new ToolchainException(ToolchainProblem.ProgramFailed, code is 126 or 127
            ? $"The image {Image} has no {program}: take one that has (--podman), or another compiler (--toolchain)."
            : $"podman cannot run {program} in {Image} (exit code {code}): {string.Join(" / ", (error + output).Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(3))}");
    }

    /// <summary>A command line that runs a program in a container which goes when the program ends.</summary>
    /// <param name="name">Names the container, for <see cref="Stop"/>.</param>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="directory">Where it runs. All of it is there, and may be written.</param>
    /// <param name="readable">Directories it may only read.</param>
    /// <param name="environment">Variables it sees.</param>
    public ProcessStartInfo Run(string name, IReadOnlyList<string> command, string directory, IReadOnlyList<string> readable, IReadOnlyDictionary<string, string> environment) => new(Program,
        ["run", "--rm", "--name", name, "--workdir", directory, "--volume", $"{directory}:{directory}", .. readable.SelectMany(path => (string[])["--volume", $"{path}:{path}:ro"]),
            .. environment.SelectMany(variable => (string[])["--env", $"{variable.Key}={variable.Value}"]), Image, .. command]);

    /// <summary>Ends a container at once. One that has ended by itself is none.</summary>
    public static void Stop(string name)
    {
        using var kill = Process.Start(new ProcessStartInfo(Program, ["kill", name]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        kill.WaitForExit();
    }
}
