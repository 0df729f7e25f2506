using System.Text.RegularExpressions;

namespace Understudy.Toolchain;

/// <summary>Programs of the host that have images or fetch them from registries.</summary>
static partial class ImageStore
{
    /// <summary>The programs that are known.</summary>
    public static IReadOnlyList<string> Programs { get; } = ["podman", "docker", "skopeo"];

    /// <summary>An image's name; one that a program would take for an option is none.</summary>
    /// <exception cref="ToolchainException">It is none.</exception>
    public static string Checked(string image) => Reference().IsMatch(image) ? image
        : throw new ToolchainException(ToolchainProblem.UnknownName, $"'{image}' is no name of an image, such as debian:12 or registry.example.org/team/build@sha256:...");

    /// <summary>Writes an image into an archive; it is pulled first where the program has none.</summary>
    /// <param name="program">The program, or its path.</param>
    /// <param name="image">The image's name.</param>
    /// <param name="archive">The file to write: an OCI archive, or one of 'docker save'.</param>
    /// <param name="step">Told what takes long.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="ToolchainException">The program is not there, or cannot have the image.</exception>
    public static async Task SaveAsync(string program, string image, string archive, Provisioning step, CancellationToken cancel)
    {
        var copies = Kind(program) == "skopeo";
        if (!copies && (await RunAsync(program, ["image", "inspect", image], image, cancel).ConfigureAwait(false)).ExitCode != 0)
        {
            step.Says($"{Kind(program)} pulls {image}");
            await RequireAsync(program, ["pull", "--quiet", "--platform", "linux/amd64", image], image, cancel).ConfigureAwait(false);
        }
        step.Says($"{Kind(program)} {(copies ? "copies" : "saves")} {image}");
        await RequireAsync(program, Saving(Kind(program), image, archive), image, cancel).ConfigureAwait(false);
    }

    static string[] Saving(string kind, string image, string archive) => kind switch
    {
        "podman" => ["save", "--quiet", "--format", "oci-archive", "--output", archive, image],
        "docker" => ["save", "--output", archive, image],
        _ => ["copy", "--quiet", "--override-os", "linux", "--override-arch", "amd64", $"docker://{image}", $"oci-archive:{archive}"],
    };

    static string Kind(string program) => Path.GetFileName(program);

    static async Task<HostResult> RequireAsync(string program, string[] arguments, string image, CancellationToken cancel)
    {
        var result = await RunAsync(program, arguments, image, cancel).ConfigureAwait(false);
        return result.ExitCode == 0 ? result : throw new ToolchainException(ToolchainProblem.ProgramFailed,
            $"{Kind(program)} cannot provide {image}: '{Kind(program)} {arguments[0]}' ends with exit code {result.ExitCode}: {result.Error.Trim().Split('\n')[^1]}");
    }

    static async Task<HostResult> RunAsync(string program, string[] arguments, string image, CancellationToken cancel)
    {
        try
        {
            return await HostProcess.RunAsync(new HostCommand(program, arguments), cancel).ConfigureAwait(false);
        }
        catch (ToolchainException missing) when (missing.Problem == ToolchainProblem.MissingHostTool)
        {
            throw new ToolchainException(ToolchainProblem.MissingHostTool,
                $"{Kind(program)} is not on this machine, and {image} is to come from it: apt-get install {Kind(program)}, or save the image where it is ('podman save --format oci-archive -o FILE {image}', 'docker save -o FILE {image}') and name it as oci:FILE.", missing);
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,400}$")]
    private static partial Regex Reference();
}
