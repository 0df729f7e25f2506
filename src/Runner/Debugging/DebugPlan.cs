using Understudy.Toolchain;

namespace Understudy.Runner.Debugging;

/// <summary>What a debugger is told of a guest.</summary>
/// <param name="Kernel">The guest's kernel.</param>
/// <param name="Modules">Modules with debug information, beside those of the kernel.</param>
/// <param name="Directories">The directories these were built from.</param>
/// <param name="Commands">What gdb does first. Where there is no terminal, it does nothing else, and ends.</param>
public sealed record DebugPlan(Kernel Kernel, IReadOnlyList<string> Modules, IReadOnlyList<string> Directories, IReadOnlyList<string> Commands);
