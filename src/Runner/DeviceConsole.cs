using System.Globalization;
using Understudy.Devices;
using Understudy.Guest;
using Understudy.Pci;

namespace Understudy.Runner;

/// <summary>Lets people and guests act on the devices of a machine by words: <c>nic cable off</c>. Wrong words get an answer that says what
/// would be right. Every device also understands <c>trace</c> and <c>fault</c>.</summary>
public sealed class DeviceConsole
{
    const int MostTraceLines = 1000;

    readonly Dictionary<string, Attached> _devices = [];

    sealed record Attached(CatalogEntry Entry, PciSlot Slot, TraceRecorder Trace, FaultInjector Faults);

    /// <summary>The name the next device of this kind answers to: its role, numbered from the second of a role on.</summary>
    public string NameFor(CatalogEntry entry)
    {
        var number = _devices.Values.Count(device => device.Entry.Role == entry.Role) + 1;
        return number == 1 ? entry.Role : string.Create(CultureInfo.InvariantCulture, $"{entry.Role}{number}");
    }

    /// <summary>Adds a device.</summary>
    /// <param name="name">What it answers to.</param>
    /// <param name="entry">What it is.</param>
    /// <param name="slot">Where it is.</param>
    /// <param name="trace">The recorder on that slot.</param>
    /// <param name="faults">The fault injector on that slot.</param>
    public void Add(string name, CatalogEntry entry, PciSlot slot, TraceRecorder trace, FaultInjector faults)
    {
        faults.Orders = (model, words) => entry.Act(model, words);
        _devices.Add(name, new Attached(entry, slot, trace, faults));
    }

    /// <summary>Does what a line of words says.</summary>
    public DeviceReply Answer(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var name, .. var words]
        ? Answer(new DeviceCommand(name, words))
        : new DeviceReply(Help(), 2);

    /// <summary>Does what somebody in the guest asks for.</summary>
    public DeviceReply Answer(DeviceCommand command)
    {
        if (!_devices.TryGetValue(command.Device, out var device))
            return new DeviceReply($"there is no device '{command.Device}'; there is {(_devices.Count == 0 ? "none" : string.Join(", ", _devices.Keys))}\n", 2);
        try
        {
            string[] words = [.. command.Words];
            return words switch
            {
                ["trace", .. var rest] => Trace(device, rest),
                ["fault", .. var rest] => Fault(device, rest),
                [var name, .. var rest] when device.Entry.Orders.FirstOrDefault(order => order.Name == name) is { } order => Act(command, device, order, rest),
                _ => new DeviceReply(Help(), 2),
            };
        }
        catch (FormatException wrong)
        {
            return new DeviceReply($"{wrong.Message}\n", 2);
        }
    }

    /// <summary>Breaks a device: a rule, for the first device, or <c>NAME: RULE</c>.</summary>
    /// <returns>What was done.</returns>
    /// <exception cref="FormatException">It is no rule, or for no device that is there.</exception>
    public string Fault(string line)
    {
        var colon = line.IndexOf(": ", StringComparison.Ordinal);
        var name = colon > 0 && !line[..colon].Contains(' ', StringComparison.Ordinal) ? line[..colon] : _devices.Keys.FirstOrDefault() ?? "";
        if (!_devices.TryGetValue(name, out var device)) throw new FormatException($"the fault '{line}' has no device to strike: there is {(_devices.Count == 0 ? "none" : string.Join(", ", _devices.Keys))}");
        var rule = FaultRule.Parse(line.StartsWith($"{name}: ", StringComparison.Ordinal) ? line[(colon + 1)..].Trim() : line);
        Add(device, rule);
        return $"fault of '{name}': {rule}";
    }

    /// <summary>What every device understands.</summary>
    public string Help() => string.Concat(_devices.SelectMany(device => device.Value.Entry.Orders
        .Select(order => (order.Usage, order.Help))
        .Append(("trace [LINES]", "shows the last of what crossed its bus, decoded"))
        .Append(("fault [RULE|clear|arm|disarm]", "breaks its bus, as in: fault irq 0 every=5 -> drop; says what rules have struck"))
        .Select(order => $"device {device.Key} {order.Item1,-34} {order.Item2}\n")));

    static DeviceReply Act(DeviceCommand command, Attached device, DeviceOrder order, string[] words)
    {
        try
        {
            return new DeviceReply(device.Slot.Order(string.Join(' ', command.Words), $"{command.Device} {string.Join(' ', command.Words)}", model => order.Act(model, words)) + "\n");
        }
        catch (FormatException wrong)
        {
            throw new FormatException($"{wrong.Message}\nusage: device {command.Device} {order.Usage}");
        }
    }

    static DeviceReply Trace(Attached device, string[] words)
    {
        var lines = 40;
        if (words.Length > 1 || words.Length == 1 && !(int.TryParse(words[0], CultureInfo.InvariantCulture, out lines) && lines is > 0 and <= MostTraceLines))
            throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"trace takes a number of lines from 1 to {MostTraceLines}"));
        return new DeviceReply(device.Trace.Tail(lines));
    }

    static DeviceReply Fault(Attached device, string[] words)
    {
        switch (words)
        {
            case []: return new DeviceReply(string.Concat(device.Faults.Tallies.Select(tally => $"{tally.Rule}  (matched {tally.Matched}, struck {tally.Struck})\n")));
            case ["clear"]: device.Faults.Clear(); return new DeviceReply("no faults\n");
            case ["arm"] or ["disarm"]: device.Faults.Armed = words[0] == "arm"; return new DeviceReply($"faults are {words[0]}ed\n");
        }
        var rule = FaultRule.Parse(string.Join(' ', words));
        Add(device, rule);
        return new DeviceReply($"{rule}\n");
    }

    static void Add(Attached device, FaultRule rule)
    {
        if (rule.Effect.Kind == FaultKind.Do) _ = device.Entry.Order(rule.Effect.Words);
        device.Faults.Add(rule);
    }
}
