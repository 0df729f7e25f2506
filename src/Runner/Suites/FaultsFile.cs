using Understudy.Pci;

namespace Understudy.Runner.Suites;

/// <summary>Reads <c>faults</c>: a rule a line, <c>#</c> begins a remark, and <c>NAME:</c> before a rule says which device when it is not
/// the test's first.</summary>
static class FaultsFile
{
    public const string Name = "faults";

    public static IReadOnlyList<(string Device, FaultRule Rule)> Read(string directory, IReadOnlyList<PlannedDevice> devices, List<SuiteProblem> problems)
    {
        var file = Path.Combine(directory, Name);
        if (!File.Exists(file)) return [];
        var rules = new List<(string, FaultRule)>();
        foreach (var (line, number) in File.ReadLines(file).Select((line, index) => (line.Split('#')[0].Trim(), index + 1)))
        {
            if (line.Length == 0) continue;
            try
            {
                rules.Add(Parse(line, devices));
            }
            catch (FormatException wrong)
            {
                problems.Add(new SuiteProblem(file, number, "", wrong.Message));
            }
        }
        return rules;
    }

    static (string Device, FaultRule Rule) Parse(string line, IReadOnlyList<PlannedDevice> devices)
    {
        if (devices.Count == 0) throw new FormatException("faults strike devices, and the test has none; name one under 'devices'");
        var colon = line.IndexOf(": ", StringComparison.Ordinal);
        var name = colon < 0 ? devices[0].Name : line[..colon].Trim();
        var device = devices.FirstOrDefault(device => device.Name == name)
            ?? throw new FormatException($"the test has no device '{name}'; it has {string.Join(", ", devices.Select(device => device.Name))}");
        var rule = FaultRule.Parse(colon < 0 ? line : line[(colon + 1)..].Trim());
        Try(rule, device);
        return (name, rule);
    }

    // A device nobody drives tells whether it has the registers a rule names, before anything is booted.
    static void Try(FaultRule rule, PlannedDevice device)
    {
        var injector = new FaultInjector { Orders = (model, words) => device.Entry.Act(model, words) };
        var slot = new PciSlot(new LoopbackBus(), device.Entry.Create(), [injector]);
        injector.Add(rule);
        if (rule.Effect.Kind == FaultKind.Do) slot.Stimulate(rule.Effect.Words, model => device.Entry.Act(model, rule.Effect.Words));
    }
}
