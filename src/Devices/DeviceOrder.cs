using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>Something an operator may do to a device: pull its cable, ask how it is.</summary>
/// <param name="Name">Its first word.</param>
/// <param name="Usage">All its words, as in <c>cable on|off</c>.</param>
/// <param name="Help">What it does, in a line.</param>
/// <param name="Act">Does it, under the slot's lock, with the words after the first, and says what there is to say. Throws
/// <see cref="FormatException"/> when the words are wrong; the message says what would be right.</param>
public sealed record DeviceOrder(string Name, string Usage, string Help, Func<PciDevice, IReadOnlyList<string>, string> Act);
