using Understudy.Boards;
using Understudy.Toolchain;

namespace Understudy.Runner;

/// <summary>What a run stands on: a toolbox, a kernel, a board. Everything is found or fetched when the lab is opened.</summary>
public sealed class Lab
{
    Lab(Toolbox toolbox, Kernel kernel, QemuBoard board) => (Toolbox, Kernel, Board) = (toolbox, kernel, board);

    /// <summary>Where everything comes from.</summary>
    public Toolbox Toolbox { get; }

    /// <summary>The kernel to boot.</summary>
    public Kernel Kernel { get; }

    /// <summary>The board to boot it on.</summary>
    public QemuBoard Board { get; }

    /// <summary>Finds or fetches the kernel.</summary>
    /// <exception cref="ToolchainException">There is no such kernel, or it cannot be fetched.</exception>
    public static Task<Kernel> KernelAsync(Toolbox toolbox, LabRequest request, CancellationToken cancel = default)
        => request.Kernel is { } path && (path.Contains('/', StringComparison.Ordinal) || File.Exists(path))
            ? toolbox.Kernels.OpenAsync(path, request.Modules, cancel)
            : toolbox.Kernels.EnsureAsync(request.Kernel ?? "debian:latest", cancel);

    /// <summary>Opens the lab.</summary>
    /// <exception cref="ToolchainException">Something is not here and cannot be fetched.</exception>
    /// <exception cref="LabFailedException">QEMU cannot be started.</exception>
    public static async Task<Lab> OpenAsync(Toolbox toolbox, LabRequest request, CancellationToken cancel = default)
    {
        var kernel = await KernelAsync(toolbox, request, cancel).ConfigureAwait(false);
        return new Lab(toolbox, kernel, await QemuBoard.OpenAsync(toolbox, kernel, cancel).ConfigureAwait(false));
    }
}
