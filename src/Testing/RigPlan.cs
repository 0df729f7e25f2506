using Understudy.Pci;
using Understudy.Runner.Suites;

namespace Understudy.Testing;

/// <summary>A rig that is not started yet: what will be in it.</summary>
public sealed class RigPlan
{
    readonly Lab _lab;
    readonly List<(PlannedDevice Device, Action<PluggedDevice> Attach)> _cards = [];

    internal RigPlan(Lab lab) => _lab = lab;

    /// <summary>Adds a device. See <see cref="Lab.Plug"/>.</summary>
    /// <exception cref="ArgumentException">The name is taken, or is not one.</exception>
    public RigPlan Plug<T>(T model, out Card<T> card, string? name = null) where T : PciDevice
    {
        ArgumentNullException.ThrowIfNull(model);
        var device = CardName.Plan(model, name, [.. _cards.Select(other => other.Device.Name)]);
        var plugged = card = new Card<T>(device.Name);
        _cards.Add((device, plugged.Attach));
        return this;
    }

    /// <summary>Brings the guest up with everything in it and loads the modules that the test's attribute names. The rig ends with the test,
    /// by itself; a test has one. Where it does not come up this throws, and the test's verdict says whose fault that is.</summary>
    /// <exception cref="InvalidOperationException">The caller is no <see cref="DriverTestAttribute">driver test</see>.</exception>
    public async Task<Rig> StartAsync()
    {
        var test = DriverTest.Current;
        await test.StartAsync(_lab, [.. _cards.Select(card => card.Device)]).ConfigureAwait(false);
        // The attribute's own devices are in the first slots.
        foreach (var (plugged, card) in test.Run.Devices.TakeLast(_cards.Count).Zip(_cards)) card.Attach(plugged);
        Break(test.Run);
        return new Rig(test);
    }

    static void Break(TestRun run)
    {
        try
        {
            run.Fault(TestVariables.Faults);
        }
        catch (FormatException wrong)
        {
            throw new TestBrokenException($"{CodeVariables.Faults}: {wrong.Message}");
        }
    }
}
