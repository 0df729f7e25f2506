using Understudy.Toolchain;

namespace Understudy.Boards;

/// <summary>A board of the catalog.</summary>
/// <param name="Name">What it is asked for by: <c>--board</c>.</param>
/// <param name="What">What it is, in a line.</param>
/// <param name="Kernel">The kernel it boots where none is named.</param>
/// <param name="Traits">What it cannot do.</param>
/// <param name="OpenAsync">Gathers what its guests are made of, for guests with this kernel.</param>
public sealed record BoardEntry(string Name, string What, string Kernel, BoardTraits Traits, Func<Toolbox, Kernel, CancellationToken, Task<IBoard>> OpenAsync);
