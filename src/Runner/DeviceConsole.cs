using Understudy.Devices;
using Understudy.Guest;
using Understudy.Pci;

namespace Understudy.Runner;

/// <summary>Lets people and guests act on the devices of a machine by words: <c>nic cable off</c>. Wrong words get an answer that says what
/// would be right.</summary>
public sealed class DeviceConsole
{
    readonly Dictionary<string, (PciSlot Slot, CatalogEntry Entry)> _devices = [];

    /// <summary>Adds a device.</summary>
    /// <returns>The name it answers to: its role, numbered from the second of a role on.</returns>
    public string Add(CatalogEntry entry, Func<string, PciSlot> plug)
    {
        var number = _devices.Values.Count(device => device.Entry.Role == entry.Role) + 1;
        var name = number == 1 ? entry.Role : $"{entry.Role}{number}";
        _devices.Add(name, (plug(name), entry));
        return name;
    }

    /// <summary>Does what a line of words says.</summary>
    public DeviceReply Answer(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var name, .. var words]
        ? Answer(new DeviceCommand(name, words))
        : new DeviceReply(Help(), 2);

    /// <summary>Does what somebody in the guest asks for.</summary>
    public DeviceReply Answer(DeviceCommand command)
    {
        if (!_devices.TryGetValue(command.Device, out var device))
            return new DeviceReply($"there is no device '{command.Device}'; there is {string.Join(", ", _devices.Keys)}\n", 2);
        var wanted = command.Words.Count == 0 ? null : device.Entry.Orders.FirstOrDefault(order => order.Name == command.Words[0]);
        if (wanted is null) return new DeviceReply(Help(), 2);
        try
        {
            var text = $"{command.Device} {string.Join(' ', command.Words)}";
            return new DeviceReply(device.Slot.Stimulate(text, model => wanted.Act(model, [.. command.Words.Skip(1)])) + "\n");
        }
        catch (FormatException wrong)
        {
            return new DeviceReply($"{wrong.Message}\nusage: device {command.Device} {wanted.Usage}\n", 2);
        }
    }

    /// <summary>What every device understands.</summary>
    public string Help() => string.Concat(_devices.SelectMany(device
        => device.Value.Entry.Orders.Select(order => $"device {device.Key} {order.Usage,-28} {order.Help}\n")));
}
