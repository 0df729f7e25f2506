namespace Understudy.Toolchain;

/// <summary>A kernel module ready to be given to <c>insmod</c> or <c>finit_module(2)</c>.</summary>
/// <param name="Name">Its name as <c>lsmod</c> shows it, with underscores.</param>
/// <param name="Path">The uncompressed <c>.ko</c>: the kernel's own file, or a copy of it in the cache.</param>
public sealed record KernelModule(string Name, string Path);
