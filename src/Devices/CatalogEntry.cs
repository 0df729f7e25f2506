using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>A device that can be had by name.</summary>
/// <param name="Name">What to ask for.</param>
/// <param name="Description">What it is, in a line.</param>
/// <param name="Create">Makes one.</param>
/// <param name="Commands">What an operator may do to it.</param>
public sealed record CatalogEntry(string Name, string Description, Func<PciDevice> Create, IReadOnlyList<DeviceOrder> Commands)
{
    /// <summary>Does what the words say. Call it under the slot's lock (<c>slot.Do</c>).</summary>
    /// <returns>The answer.</returns>
    /// <exception cref="FormatException">The device knows no such command, or not these words after it.</exception>
    public string Execute(PciDevice device, IReadOnlyList<string> words)
    {
        ArgumentNullException.ThrowIfNull(words);
        var name = words.Count > 0 ? words[0] : "";
        var order = Commands.FirstOrDefault(command => string.Equals(command.Name, name, StringComparison.OrdinalIgnoreCase))
            ?? throw new FormatException($"{Name} does not know '{name}'; it knows {string.Join(", ", Commands.Select(command => command.Usage))}");
        return order.Run(device, [.. words.Skip(1)]);
    }
}
