namespace Understudy.Pci;

/// <summary>A one-bit field.</summary>
/// <param name="Register">The register that holds it.</param>
/// <param name="Mask">Its bit, in place.</param>
public readonly record struct Flag(Register Register, ulong Mask);
