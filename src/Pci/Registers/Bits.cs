namespace Understudy.Pci;

/// <summary>A field of several bits, read and written as a number.</summary>
/// <param name="Register">The register that holds it.</param>
/// <param name="Mask">Its bits, in place.</param>
/// <param name="Low">Its lowest bit.</param>
public readonly record struct Bits(Register Register, ulong Mask, int Low);
