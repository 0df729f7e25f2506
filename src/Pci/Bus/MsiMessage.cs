namespace Understudy.Pci;

/// <summary>A message-signalled interrupt: a 32-bit write of <paramref name="Data"/> to <paramref name="Address"/> (PCI 3.0, 6.8).</summary>
public readonly record struct MsiMessage(ulong Address, uint Data);
