namespace Understudy.Pci;

/// <summary>How a recording begins: all that is needed to make the device again.</summary>
/// <param name="Model">Its name in the device catalog.</param>
/// <param name="Seed">Seed of its random source.</param>
/// <param name="StartNanoseconds">Device time when it was plugged in.</param>
/// <param name="MachineOwnsMsixTable">See <see cref="IPciBus.OwnsMsixTable"/>.</param>
public sealed record RecordHeader(string Model, int Seed, long StartNanoseconds, bool MachineOwnsMsixTable);
