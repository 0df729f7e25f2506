using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>A device that can be had by name.</summary>
/// <param name="Name">What to ask for.</param>
/// <param name="Role">What it is in a machine, in a word: the name it answers to there, as <c>nic</c>.</param>
/// <param name="Description">What it is, in a line.</param>
/// <param name="Create">Makes one.</param>
/// <param name="Orders">What an operator may do to it.</param>
public sealed record CatalogEntry(string Name, string Role, string Description, Func<PciDevice> Create, IReadOnlyList<DeviceOrder> Orders)
{
    /// <summary>Does an order, under the slot's lock: its name and words, as <c>cable off</c>.</summary>
    /// <returns>What there is to say.</returns>
    /// <exception cref="FormatException">There is no such order, or its words are wrong; the message says what would be right.</exception>
    public string Act(PciDevice device, string words)
    {
        var split = words.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var order = Orders.FirstOrDefault(order => order.Name == split.FirstOrDefault())
            ?? throw new FormatException($"'{words}' is no order of {Name}; it has {string.Join("; ", Orders.Select(order => order.Usage))}");
        return order.Act(device, split[1..]);
    }
}
