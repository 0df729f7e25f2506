using System.Diagnostics.CodeAnalysis;
using Understudy.Boards;
using Understudy.Build;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Runner;

/// <summary>What a run stands on: a toolbox, a kernel, a board. Everything is found or fetched when the lab is opened.</summary>
public sealed class Lab
{
    Lab(Toolbox toolbox, Kernel kernel, IBoard board) => (Toolbox, Kernel, Board) = (toolbox, kernel, board);

    /// <summary>Where everything comes from.</summary>
    public Toolbox Toolbox { get; }

    /// <summary>The kernel to boot.</summary>
    public Kernel Kernel { get; }

    /// <summary>The board to boot it on.</summary>
    public IBoard Board { get; }

    /// <summary>What is known of the QEMU guests run in; null on a board without.</summary>
    public QemuFacts? Qemu => Board is QemuBoard { Qemu: var qemu } ? new QemuFacts(qemu.Version, qemu.Origin) : null;

    /// <summary>What is known of what runs the guests' instructions.</summary>
    public AcceleratorFacts Accelerator => new(Board.Accelerator.Name, Board.Accelerator.Reason);

    /// <summary>Finds or fetches the kernel.</summary>
    /// <exception cref="ToolchainException">There is no such kernel, or it cannot be fetched.</exception>
    public static Task<Kernel> KernelAsync(Toolbox toolbox, LabRequest request, CancellationToken cancel = default)
        => IsProfile(NameOf(request)) ? MadeAsync(toolbox, NameOf(request), cancel) : IsBuild(request.Kernel) ? BuiltAsync(toolbox, request.Kernel, cancel) : IsPath(request.Kernel)
            ? toolbox.Kernels.OpenAsync(request.Kernel, request.Modules, cancel)
            : toolbox.Kernels.EnsureAsync(NameOf(request), cancel);

    // Built by the first to ask, which takes minutes; then it is there.
    static async Task<Kernel> MadeAsync(Toolbox toolbox, string name, CancellationToken cancel)
    {
        try
        {
            var step = $"kernel {name}";
            var build = await new KernelBuilder(toolbox).BuildAsync(Profile.Recipe(name), text => toolbox.Says(step, text), line => toolbox.Says(step, line.Trim()), cancel).ConfigureAwait(false);
            return await toolbox.Kernels.OpenAsync(build.Image!, build.Modules, cancel).ConfigureAwait(false) with { Name = name };
        }
        catch (BuildFailedException failed)
        {
            throw new LabFailedException($"The kernel {name} cannot be built here: {failed.Message}{(failed.Log is { } log ? $"\nlog: {log}" : "")}", failed);
        }
    }

    static async Task<Kernel> BuiltAsync(Toolbox toolbox, string name, CancellationToken cancel)
    {
        var build = new NamedBuilds(toolbox.Cache).Find(name);
        var image = build.Image ?? throw Unknown($"{name} was built without an image: build it with the target 'kernel'.");
        return await toolbox.Kernels.OpenAsync(image, build.Modules, cancel).ConfigureAwait(false) with { Name = name };
    }

    /// <summary>Refuses a kernel that cannot be meant, before anything is made for its sake. Without a network and without a list of
    /// kernels it cannot know, and refuses nothing.</summary>
    /// <exception cref="ToolchainException">No board or kernel has that name (<see cref="ToolchainProblem.UnknownName"/>; the nearest names are
    /// given), or no file that path.</exception>
    public static async Task CheckAsync(Toolbox toolbox, LabRequest request, CancellationToken cancel = default)
    {
        _ = BoardCatalog.Find(request.Board);
        if (IsProfile(NameOf(request)))
        {
            _ = Profile.Recipe(NameOf(request));
            return;
        }
        if (IsBuild(request.Kernel))
        {
            _ = new NamedBuilds(toolbox.Cache).Find(request.Kernel);
            return;
        }
        if (IsPath(request.Kernel))
        {
            if (!File.Exists(request.Kernel)) throw Unknown($"There is no kernel image {Path.GetFullPath(request.Kernel)}. Give the path of a bzImage or vmlinux, or a name that 'understudy kernels' lists.");
            return;
        }
        if (request.Modules is not null) throw Unknown($"A modules directory goes with a kernel given by its path; {NameOf(request)} brings its own.");
        try
        {
            await toolbox.Kernels.CheckAsync(NameOf(request), cancel).ConfigureAwait(false);
        }
        catch (ToolchainException broken) when (broken.Problem != ToolchainProblem.UnknownName)
        {
            // Whoever needs the kernel meets the same trouble, where it can be written down.
            return;
        }
    }

    static string NameOf(LabRequest request) => request.Kernel ?? BoardCatalog.Find(request.Board).Kernel;

    static bool IsProfile(string kernel) => Profile.All.Any(profile => kernel == profile.Name || kernel.StartsWith($"{profile.Name}/", StringComparison.Ordinal)) && !File.Exists(kernel);

    static bool IsBuild([NotNullWhen(true)] string? kernel) => kernel?.StartsWith(NamedBuilds.Scheme, StringComparison.Ordinal) == true;

    static bool IsPath([NotNullWhen(true)] string? kernel) => kernel is not null && (kernel.Contains('/', StringComparison.Ordinal) || File.Exists(kernel));

    static ToolchainException Unknown(string message) => new(ToolchainProblem.UnknownName, message);

    /// <summary>Opens the lab.</summary>
    /// <exception cref="ToolchainException">Something is not here and cannot be fetched.</exception>
    /// <exception cref="LabFailedException">The board's own program cannot be started.</exception>
    public static async Task<Lab> OpenAsync(Toolbox toolbox, LabRequest request, CancellationToken cancel = default)
    {
        await CheckAsync(toolbox, request, cancel).ConfigureAwait(false);
        if (request.Qemu is { } program) toolbox = toolbox.WithQemu(program);
        var kernel = await KernelAsync(toolbox, request, cancel).ConfigureAwait(false);
        return new Lab(toolbox, kernel, await BoardCatalog.Find(request.Board).OpenAsync(toolbox, kernel, cancel).ConfigureAwait(false));
    }
}
