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
        var trial = new Trial(devices);
        foreach (var (line, number) in File.ReadLines(file).Select((line, index) => (line.Split('#')[0].Trim(), index + 1)))
        {
            if (line.Length == 0) continue;
            try
            {
                rules.Add(trial.Add(line));
            }
            catch (FormatException wrong)
            {
                problems.Add(new SuiteProblem(file, number, "", wrong.Message));
            }
        }
        return rules;
    }

    /// <summary>Refuses rules that come on top of a test's own.</summary>
    /// <exception cref="FormatException">One is none, names what the test's devices do not have, or could never strike.</exception>
    public static void Check(IReadOnlyList<string> lines, DirectoryTest test)
    {
        var trial = new Trial(test.Settings.Devices);
        foreach (var line in test.Faults.Select(fault => $"{fault.Device}: {fault.Rule}").Concat(lines)) trial.Add(line);
    }

    /// <summary>Reads one line.</summary>
    /// <exception cref="FormatException">It is no rule, or for no device that is there.</exception>
    public static (string Device, FaultRule Rule) Line(string line, IReadOnlyList<PlannedDevice> devices)
    {
        if (devices.Count == 0) throw new FormatException("faults strike devices, and the test has none; name one under 'devices'");
        var colon = line.IndexOf(": ", StringComparison.Ordinal);
        if (colon < 0 || line[..colon].Contains(' ', StringComparison.Ordinal)) return (devices[0].Name, FaultRule.Parse(line));
        var name = devices.FirstOrDefault(device => device.Name == line[..colon])?.Name
            ?? throw new FormatException($"the test has no device '{line[..colon]}'; it has {string.Join(", ", devices.Select(device => device.Name))}");
        return (name, FaultRule.Parse(line[(colon + 1)..].Trim()));
    }

    // Devices nobody drives tell whether they have the registers that rules name, before anything is booted.
    sealed class Trial(IReadOnlyList<PlannedDevice> devices)
    {
        readonly Dictionary<string, (PciSlot Slot, FaultInjector Faults)> _slots = [];

        public (string Device, FaultRule Rule) Add(string line)
        {
            var (name, rule) = Line(line, devices);
            var device = devices.First(device => device.Name == name);
            if (!_slots.TryGetValue(name, out var plugged)) _slots[name] = plugged = Plug(device);
            plugged.Faults.Add(rule);
            if (rule.Effect.Kind == FaultKind.Do) plugged.Slot.Stimulate(rule.Effect.Words, model => device.Entry.Act(model, rule.Effect.Words));
            return (name, rule);
        }

        static (PciSlot Slot, FaultInjector Faults) Plug(PlannedDevice device)
        {
            var faults = new FaultInjector { Orders = (model, words) => device.Entry.Act(model, words) };
            return (new PciSlot(new LoopbackBus(), device.Entry.Create(), [faults]), faults);
        }
    }
}
