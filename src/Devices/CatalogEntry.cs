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
    /// <summary>What may happen to it at any moment without anybody being at fault, as the words of its orders: a sweep has it happen at
    /// every touch.</summary>
    public IReadOnlyList<string> Events { get; init; } = [];

    /// <summary>Does an order, under the slot's lock: its name and words, as <c>cable off</c>.</summary>
    /// <returns>What there is to say.</returns>
    /// <exception cref="FormatException">There is no such order, or its words are wrong; the message says what would be right.</exception>
    public string Act(PciDevice device, string words)
    {
        ArgumentNullException.ThrowIfNull(words);
        return Order(words).Act(device, Split(words)[1..]);
    }

    /// <summary>The order that these words begin with.</summary>
    /// <exception cref="FormatException">There is none; the message lists what there is.</exception>
    public DeviceOrder Order(string words)
    {
        ArgumentNullException.ThrowIfNull(words);
        return Orders.FirstOrDefault(order => order.Name == Split(words).FirstOrDefault())
            ?? throw new FormatException($"'{words}' is no order of {Name}; it has {string.Join("; ", Orders.Select(order => order.Usage))}");
    }

    static string[] Split(string words) => words.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
