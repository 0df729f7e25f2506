namespace Understudy.Build;

/// <summary>A program that a guest can run, whatever else the guest has.</summary>
/// <param name="Name">What to call it there.</param>
/// <param name="Executable">The file to run.</param>
/// <param name="Libraries">Shared libraries it is loaded with, its loader <c>ld-linux-x86-64.so.2</c> among them; none for a static one.</param>
public sealed record GuestProgram(string Name, string Executable, IReadOnlyList<string> Libraries);
