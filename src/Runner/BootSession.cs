using System.Globalization;
using Understudy.Boards;
using Understudy.Devices;
using Understudy.Pci;
using Understudy.Runner.Suites;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Runner;

/// <summary>A machine for a person to work in: a kernel, devices of the catalog, and their drivers loaded.</summary>
/// <param name="lab">Kernel and modules.</param>
/// <param name="devices">Names of the device catalog.</param>
/// <param name="cpus">Virtual CPUs.</param>
/// <param name="memoryMebibytes">Guest memory.</param>
public sealed class BootSession(LabRequest lab, IReadOnlyList<string> devices, int cpus, int memoryMebibytes)
{
    readonly List<CatalogEntry> _entries = [.. devices.Select(Catalog.Find)];

    /// <summary>Acts on the devices by words.</summary>
    public DeviceConsole Console { get; } = new();

    /// <summary>Faults that begin at power-on: lines as in a <c>faults</c> file.</summary>
    public IReadOnlyList<string> Faults { get; init; } = [];

    /// <summary>Whose time guest and devices live in.</summary>
    public GuestTime Time { get; init; }

    /// <summary>Absolute paths of directories of modules that are built and loaded, after the drivers of what is plugged in.</summary>
    public IReadOnlyList<string> Modules { get; init; } = [];

    /// <summary>Is given the booted machine, its kernel, and the modules built for it, before any driver is loaded; null for nobody.</summary>
    public Func<IMachine, Kernel, IReadOnlyList<string>, Task>? Booted { get; set; }

    /// <summary>Boots, and loads the drivers of what is plugged in.</summary>
    /// <param name="toolbox">Where everything comes from.</param>
    /// <param name="says">Told what happens.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="ToolchainException">Something is not here and cannot be fetched.</exception>
    /// <exception cref="BootFailedException">The kernel does not come up.</exception>
    /// <exception cref="LabFailedException">The lab does not.</exception>
    public async Task<IMachine> PowerOnAsync(Toolbox toolbox, Action<string> says, CancellationToken cancel = default)
    {
        var opened = await Lab.OpenAsync(toolbox, lab, cancel).ConfigureAwait(false);
        var drivers = await DriversAsync(toolbox, opened.Kernel, cancel).ConfigureAwait(false);
        var own = new CellModules([.. Modules.Select(path => new PlannedModule(path, ""))], opened);
        var notes = new StepNotes(new Teller(says));
        if (Modules.Count > 0) await own.BuildAsync(notes, cancel).ConfigureAwait(false);
        var spec = new BootSpec(opened.Kernel) { Cpus = cpus, MemoryMebibytes = memoryMebibytes, Modules = [.. drivers.Concat(own.OfKernel)], Time = Time, OnDeviceCommand = command => Task.FromResult(Console.Answer(command)) };
        var machine = opened.Board.Assemble(spec);
        try
        {
            foreach (var entry in _entries) Plug(machine, entry, says);
            foreach (var line in Faults) says(Console.Fault(line));
            if (cpus > 1 && opened.Board.Traits.WhyNot(BoardAbility.Smp) is { } lack) throw new LabFailedException($"The board {opened.Board.Name} has {lack}: leave --cpus at 1.");
            says($"booting {opened.Kernel.Release} under {machine.Accelerator.Name} ({machine.Accelerator.Reason})");
            await machine.PowerOnAsync(cancel).ConfigureAwait(false);
            if (Booted is not null) await Booted(machine, opened.Kernel, [.. own.Files]).ConfigureAwait(false);
            foreach (var driver in drivers) await machine.Guest.LoadModuleAsync(driver, cancellation: cancel).ConfigureAwait(false);
            await own.LoadAsync(machine.Guest, notes, cancel).ConfigureAwait(false);
            return machine;
        }
        catch
        {
            await machine.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    void Plug(IMachine machine, CatalogEntry entry, Action<string> says)
    {
        var name = Console.NameFor(entry);
        var (trace, faults) = (new TraceRecorder(), new FaultInjector());
        Console.Add(name, entry, machine.Pci.Plug(entry.Create(), name, trace, new BusChecker(), faults), trace, faults);
        says($"{entry.Name} is plugged in as '{name}'");
    }

    sealed class Teller(Action<string> says) : IRunObserver
    {
        public void Began(StepRecord step) => says(step.Name);

        public void Says(string text) => says(text);

        public void Ended(StepRecord step) => says(step.Name);
    }

    // The kernel's own way: a driver says by aliases which cards it is for.
    async Task<IReadOnlyList<string>> DriversAsync(Toolbox toolbox, Kernel kernel, CancellationToken cancel)
    {
        if (_entries.Count == 0 || kernel.ModulesDirectory is null) return [];
        var tree = await toolbox.ModulesAsync(kernel, cancel).ConfigureAwait(false);
        return [.. tree.Closure(_entries.Select(entry => Alias(entry.Create().Identity)).Distinct().Where(tree.Has))];
    }

    static string Alias(PciIdentity identity) => string.Create(CultureInfo.InvariantCulture,
        $"pci:v{identity.Vendor:X8}d{identity.Device:X8}sv{identity.SubsystemVendor:X8}sd{identity.Subsystem:X8}bc{identity.ClassCode >> 16:X2}sc{identity.ClassCode >> 8 & 0xFF:X2}i{identity.ClassCode & 0xFF:X2}");
}
