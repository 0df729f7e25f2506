namespace Understudy.Build;

/// <summary>What came of a module directory.</summary>
/// <param name="Modules">The modules, those that others need first.</param>
/// <param name="Warnings">What the compiler and modpost warned of.</param>
/// <param name="Log">Path of the build's log.</param>
/// <param name="WasKnown">They had been built before from the same sources, for the same kernel, by the same compiler.</param>
public sealed record BuiltModules(IReadOnlyList<BuiltModule> Modules, IReadOnlyList<CompilerMessage> Warnings, string Log, bool WasKnown);
