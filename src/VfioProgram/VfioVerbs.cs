using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.IO.Enumeration;
using System.Runtime.InteropServices;
using Understudy.Devices;
using Understudy.Vfio;
using Understudy.Vfio.Cases;

namespace Understudy.VfioProgram;

/// <summary>The verbs of <c>understudy vfio</c>, which are those of the program that stands alone.</summary>
public static class VfioVerbs
{
    const int Failed = 1, Usage = 2;

    /// <summary><c>list</c>: the PCI functions of this machine.</summary>
    public static Command List()
    {
        var drivers = Drivers();
        var command = new Command("list", "PCI functions of this machine, who drives them, and whether this library can") { drivers };
        command.SetAction(parsed => Try(() =>
        {
            AddDrivers(parsed.GetValue(drivers));
            foreach (var function in PciFunction.All())
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{function.Address}  {function.VendorId:x4}:{function.DeviceId:x4}  group {function.IommuGroup ?? "-",-3}  {function.Driver ?? "-",-16}{(CopyDrivers.Knows(function.VendorId, function.DeviceId) ? "driven here" : "")}").TrimEnd());
            return 0;
        }));
        return command;
    }

    /// <summary><c>bind ADDRESS...</c>: gives functions to vfio-pci.</summary>
    public static Command Bind() => OnFunctions("bind", "Takes PCI functions from their drivers and gives them to vfio-pci", Given);

    /// <summary><c>setup ADDRESS...</c>: what has to be so before anything else.</summary>
    public static Command Setup()
    {
        var addresses = new Argument<string[]>("ADDRESS") { Description = "Functions to give to vfio-pci, as 0000:6a:01.0", Arity = ArgumentArity.ZeroOrMore };
        var pages = new Option<int>("--huge-pages") { Description = "How many pages of 2 MiB the kernel is to have set aside", DefaultValueFactory = _ => 0 };
        var command = new Command("setup", "Makes this machine ready: loads the kernel's modules, reserves huge pages, gives functions to vfio-pci; says what this kernel lacks") { addresses, pages };
        command.SetAction(parsed => Try(() =>
        {
            var functions = parsed.GetValue(addresses)!.Select(address => PciFunction.Find(address)).ToList();
            if (parsed.GetValue(pages) is < 0 or > 1 << 20) throw new FormatException($"--huge-pages takes 0 to {1 << 20}, not {parsed.GetValue(pages)}");
            foreach (var module in HostSetup.Modules)
            {
                var lack = HostSetup.Load(module);
                Console.WriteLine($"{module,-17} {lack ?? "there"}");
                if (lack is not null && module == HostSetup.Modules[0]) throw new VfioException($"Without {module} nothing can be done: the kernel needs CONFIG_VFIO_PCI, and loading it root.");
            }
            if (parsed.GetValue(pages) > 0) Console.WriteLine($"huge pages        {HostSetup.ReserveHugePages(parsed.GetValue(pages))}");
            Console.WriteLine($"IOMMU groups      {PciFunction.All().Select(function => function.IommuGroup).OfType<string>().Distinct().Count()}");
            foreach (var function in functions) Console.WriteLine(Given(function));
            return 0;
        }));
        return command;
    }

    static string Given(PciFunction function) => $"{function.Address} is bound to vfio-pci{(function.Bind() is { } before and not "vfio-pci" ? $" (it was bound to {before})" : "")}";

    /// <summary><c>unbind ADDRESS...</c>: gives them back.</summary>
    public static Command Unbind() => OnFunctions("unbind", "Takes PCI functions from vfio-pci and lets the kernel find their drivers", function =>
        $"{function.Address} is bound to {function.Unbind() ?? "no driver"}");

    /// <summary><c>test ADDRESS</c>: the cases of the kernel's VFIO selftests and more, as KTAP.</summary>
    public static Command Test()
    {
        var address = new Argument<string>("ADDRESS") { Description = "The device, as 0000:6a:01.0, bound to vfio-pci; or a model, as ioat, which needs neither card nor kernel" };
        var drivers = Drivers();
        var modes = new Option<string[]>("--mode") { Description = $"IOMMU modes: {string.Join(", ", IommuModes.All.Select(IommuModes.Name))}; all unless told. And {IommuModes.Name(IommuMode.NoIommu)}, where the machine has none", AllowMultipleArgumentsPerToken = true };
        var name = new Option<string>("--name") { Description = "Only cases whose name fits, as 'driver.*'", DefaultValueFactory = _ => "*" };
        var list = new Option<bool>("--list") { Description = "Only says which cases there are" };
        var bind = new Option<bool>("--bind") { Description = "Takes the device from its driver first, and gives it back at the end, Ctrl-C included" };
        var command = new Command("test", "Runs the cases of the kernel's VFIO selftests, and more, on a device; writes KTAP") { address, modes, name, list, bind, drivers };
        command.Aliases.Add("run");
        command.SetAction(parsed => Try(() =>
        {
            AddDrivers(parsed.GetValue(drivers));
            var where = parsed.GetValue(address)!;
            var wanted = Modes(where, parsed.GetValue(modes));
            var cases = VfioCases.For(wanted).Where(one => FileSystemName.MatchesSimpleExpression(parsed.GetValue(name), one.Name)).ToList();
            if (cases.Count == 0) throw new FormatException($"No case fits '{parsed.GetValue(name)}'; --list shows them all");
            if (parsed.GetValue(list))
            {
                cases.ForEach(one => Console.WriteLine(one.Name));
                return 0;
            }
            if (IsModel(where))
            {
                var model = Model(where);
                return Run(cases, iommu => VfioDevice.Open(model.Create(), iommu));
            }
            var function = PciFunction.Find(where);
            var given = parsed.GetValue(bind) && !function.IsBoundToVfio;
            if (given) function.Bind();
            try
            {
                return Run(cases, iommu => VfioDevice.Open(function.Address, iommu));
            }
            finally
            {
                if (given) function.Unbind();
            }
        }));
        return command;
    }

    static bool IsModel(string where) => !where.Contains(':', StringComparison.Ordinal);

    static CatalogEntry Model(string name)
    {
        try
        {
            return Catalog.Find(name);
        }
        catch (KeyNotFoundException none)
        {
            throw new FormatException(none.Message);
        }
    }

    static IReadOnlyList<IommuMode> Modes(string where, string[]? named)
    {
        if (named is not { Length: > 0 }) return IsModel(where) ? [IommuMode.Model] : IommuModes.All;
        if (IsModel(where)) throw new FormatException($"--mode is how the kernel translates a card's addresses, and '{where}' is a model; a card is named by its address, as 0000:6a:01.0");
        return [.. named.SelectMany(one => one.Split(',')).Select(IommuModes.Parse)];
    }

    static Option<string[]> Drivers() => new("--driver-assembly") { Description = "An assembly (.dll) with drivers of yours, classes that are a CopyDriver and say [Drives(vendor, device)]: docs/vfio.md", HelpName = "FILE", AllowMultipleArgumentsPerToken = true };

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "The program that is one file keeps what its project names for such drivers; what else one needs is told.")]
    static void AddDrivers(string[]? assemblies)
    {
        foreach (var assembly in assemblies ?? []) CopyDrivers.AddFrom(assembly);
    }

    /// <summary><c>features ADDRESS</c>: what a device offers beside registers, interrupts and DMA.</summary>
    public static Command Features()
    {
        var address = new Argument<string>("ADDRESS") { Description = "The device, as 0000:6a:01.0, bound to vfio-pci" };
        var mode = new Option<string?>("--mode") { Description = $"The IOMMU mode, of those of 'test' and {IommuModes.Name(IommuMode.NoIommu)}; iommufd, or where there is none a container" };
        var command = new Command("features", "What a device offers: interrupts, resets, migration, sleep, tracking of what it writes") { address, mode };
        command.SetAction(parsed => Try(() =>
        {
            _ = PciFunction.Find(parsed.GetValue(address)!);
            using var iommu = parsed.GetValue(mode) is { } named ? Iommu.Open(IommuModes.Parse(named)) : Iommu.OpenBest(Console.Error.WriteLine);
            using var device = VfioDevice.Open(parsed.GetValue(address)!, iommu);
            var features = device.ProbeFeatures();
            Console.WriteLine($"interrupts      {string.Join(", ", Enum.GetValues<InterruptKind>().Where(kind => device.Interrupts(kind) > 0).Select(kind => $"{kind} {device.Interrupts(kind)}"))}");
            Console.WriteLine($"reset           {(device.CanReset ? "by itself" : "not by itself")}; hot: {(device.HotResetGroup is { Count: > 0 } group ? string.Join(", ", group) : "none")}");
            Console.WriteLine($"features        {(features.Offered.Count == 0 ? "none" : string.Join(", ", features.Offered.Select(feature => $"{feature} ({features[feature]})")))}");
            Console.WriteLine($"migration       {features.Migration}");
            Console.WriteLine($"dirty tracking  {Tracking(iommu)}");
            return 0;
        }));
        return command;
    }

    static string Tracking(Iommu iommu)
    {
        try
        {
            iommu.TrackDirty().Dispose();
            return "yes";
        }
        catch (VfioException cannot)
        {
            return cannot.Message;
        }
    }

    /// <summary><c>measure ADDRESS</c>: how long a mapping takes.</summary>
    public static Command Measure()
    {
        var address = new Argument<string>("ADDRESS") { Description = "The device, as 0000:6a:01.0, bound to vfio-pci" };
        var mode = new Option<string>("--mode") { Description = "The IOMMU mode", DefaultValueFactory = _ => IommuModes.Name(IommuMode.Iommufd) };
        var sizes = new Option<string[]>("--size") { Description = "Bytes and how often, as 4096:1000; a size of more than a page is that of a huge page, which has to be reserved", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => ["4096:1000"] };
        var command = new Command("measure", "Maps and unmaps memory over and over; writes mode, bytes, and the median of both in nanoseconds") { address, mode, sizes };
        command.SetAction(parsed => Try(() =>
        {
            var wanted = parsed.GetValue(sizes)!.Select(Size).ToList();
            _ = PciFunction.Find(parsed.GetValue(address)!);
            using var iommu = Iommu.Open(IommuModes.Parse(parsed.GetValue(mode)!));
            using var device = VfioDevice.Open(parsed.GetValue(address)!, iommu);
            foreach (var (bytes, count) in wanted) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{IommuModes.Name(iommu.Mode)} {bytes} {Figure(iommu, bytes, count)}"));
            return 0;
        }));
        return command;
    }

    static (ulong Bytes, int Count) Size(string word)
        => word.Split(':') is [var bytes, var count] && ulong.TryParse(bytes, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && ulong.IsPow2(size) && size >= 4096 && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var times) && times is > 0 and <= 1_000_000
            ? (size, times)
            : throw new FormatException($"'{word}' is not bytes and how often, as 4096:1000; bytes are a power of two of 4096 and more, and it is done 1 to 1000000 times");

    static string Figure(Iommu iommu, ulong bytes, int count)
    {
        try
        {
            return MappingTimes.Measure(iommu, bytes, count).ToString("F0", CultureInfo.InvariantCulture);
        }
        catch (CaseSkippedException none)
        {
            return $"skipped: {none.Message}";
        }
    }

    // Asked to end, it ends with the case under way: a device that is in the middle of something is reset, and its memory unmapped, in order.
    static int Run(IReadOnlyList<VfioCase> cases, Func<Iommu, VfioDevice> open)
    {
        using var stop = new CancellationTokenSource();
        void End(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        var failed = VfioCases.Run(cases, open, Console.Out, stop.Token);
        return failed == 0 && !stop.IsCancellationRequested ? 0 : Failed;
    }

    static Command OnFunctions(string name, string description, Func<PciFunction, string> act)
    {
        var addresses = new Argument<string[]>("ADDRESS") { Description = "As in 0000:6a:01.0", Arity = ArgumentArity.OneOrMore };
        var command = new Command(name, description) { addresses };
        command.SetAction(parsed => Try(() =>
        {
            foreach (var address in parsed.GetValue(addresses)!) Console.WriteLine(act(PciFunction.Find(address)));
            return 0;
        }));
        return command;
    }

    static int Try(Func<int> act)
    {
        try
        {
            return act();
        }
        catch (Exception wrong) when (wrong is VfioException or FormatException)
        {
            Console.Error.WriteLine(wrong.Message);
            return wrong is FormatException ? Usage : Failed;
        }
    }
}
