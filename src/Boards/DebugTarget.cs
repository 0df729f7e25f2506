namespace Understudy.Boards;

/// <summary>How gdb gets at a running guest.</summary>
/// <param name="Image">The kernel, with its symbols where it has any.</param>
/// <param name="Attach">gdb's commands that attach it, which stops the guest; in order.</param>
public sealed record DebugTarget(string Image, IReadOnlyList<string> Attach);
