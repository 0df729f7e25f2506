using Understudy.Boards;

namespace Understudy.Runner;

/// <summary>What a run needs from the lab.</summary>
/// <param name="Kernel">A name of the kernel catalog, such as <c>debian:6.12</c>, or the path of a kernel image; null for the newest stable
/// one in the catalog.</param>
/// <param name="Modules">A directory of modules for a kernel given by its path.</param>
/// <param name="Board">A name of the board catalog.</param>
/// <param name="Qemu">A QEMU to use in place of ours: its path, or a program on the PATH; null for ours.</param>
public sealed record LabRequest(string? Kernel = null, string? Modules = null, string Board = BoardCatalog.Default, string? Qemu = null);
