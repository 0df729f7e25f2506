using Understudy.Toolchain;

namespace Understudy.Boards;

/// <summary>The boards there are.</summary>
public static class BoardCatalog
{
    /// <summary>The board that is meant where none is named.</summary>
    public const string Default = "qemu";

    /// <summary>All boards. A new one is a folder beside this file, and a line here.</summary>
    public static IReadOnlyList<BoardEntry> All { get; } =
    [
        new("qemu", "QEMU: kernels as distributions ship them, and everything a PC has", "debian:latest", QemuBoard.Lacks,
            async (toolbox, kernel, cancel) => await QemuBoard.OpenAsync(toolbox, kernel, cancel).ConfigureAwait(false)),
        new("uml", "User Mode Linux: a kernel built as a program, which boots in the time QEMU takes to start", "uml", UmlBoard.Lacks,
            async (toolbox, kernel, cancel) => await UmlBoard.OpenAsync(toolbox, kernel, cancel).ConfigureAwait(false)),
    ];

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(entry => entry.Name)];

    /// <summary>The board of that name.</summary>
    /// <exception cref="ToolchainException">There is none (<see cref="ToolchainProblem.UnknownName"/>); the nearest is given.</exception>
    public static BoardEntry Find(string name) => All.FirstOrDefault(entry => entry.Name == name)
        ?? throw new ToolchainException(ToolchainProblem.UnknownName, $"There is no board '{name}'. Did you mean '{Nearest.To(name, Names)[0]}'? There is {string.Join(", ", Names)}.");
}
