using System.CommandLine;
using System.Globalization;
using System.IO.Enumeration;
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
        var command = new Command("list", "PCI functions of this machine, who drives them, and whether this library can");
        command.SetAction(_ =>
        {
            foreach (var function in PciFunction.All())
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{function.Address}  {function.VendorId:x4}:{function.DeviceId:x4}  group {function.IommuGroup ?? "-",-3}  {function.Driver ?? "-",-16}{(CopyDrivers.Knows(function.VendorId, function.DeviceId) ? "driven here" : "")}").TrimEnd());
            return 0;
        });
        return command;
    }

    /// <summary><c>bind ADDRESS...</c>: gives functions to vfio-pci.</summary>
    public static Command Bind() => OnFunctions("bind", "Takes PCI functions from their drivers and gives them to vfio-pci", function =>
        $"{function.Address} is bound to vfio-pci{(function.Bind() is { } before and not "vfio-pci" ? $" (it was bound to {before})" : "")}");

    /// <summary><c>unbind ADDRESS...</c>: gives them back.</summary>
    public static Command Unbind() => OnFunctions("unbind", "Takes PCI functions from vfio-pci and lets the kernel find their drivers", function =>
        $"{function.Address} is bound to {function.Unbind() ?? "no driver"}");

    /// <summary><c>test ADDRESS</c>: the cases of the kernel's VFIO selftests and more, as KTAP.</summary>
    public static Command Test()
    {
        var address = new Argument<string>("ADDRESS") { Description = "The device, as 0000:6a:01.0, bound to vfio-pci" };
        var modes = new Option<string[]>("--mode") { Description = $"IOMMU modes: {string.Join(", ", IommuModes.All.Select(IommuModes.Name))}; all unless told", AllowMultipleArgumentsPerToken = true };
        var name = new Option<string>("--name") { Description = "Only cases whose name fits, as 'driver.*'", DefaultValueFactory = _ => "*" };
        var list = new Option<bool>("--list") { Description = "Only says which cases there are" };
        var command = new Command("test", "Runs the cases of the kernel's VFIO selftests, and more, on a device; writes KTAP") { address, modes, name, list };
        command.SetAction(parsed => Try(() =>
        {
            var wanted = parsed.GetValue(modes) is { Length: > 0 } some ? some.SelectMany(one => one.Split(',')).Select(IommuModes.Parse).ToList() : [.. IommuModes.All];
            var cases = VfioCases.For(wanted).Where(one => FileSystemName.MatchesSimpleExpression(parsed.GetValue(name), one.Name)).ToList();
            if (cases.Count == 0) throw new FormatException($"No case fits '{parsed.GetValue(name)}'; --list shows them all");
            if (parsed.GetValue(list))
            {
                cases.ForEach(one => Console.WriteLine(one.Name));
                return 0;
            }
            using var stop = new CancellationTokenSource();
            Console.CancelKeyPress += (_, press) => (press.Cancel, _) = (true, stop.CancelAsync());
            return VfioCases.Run(cases, iommu => VfioDevice.Open(parsed.GetValue(address)!, iommu), Console.Out, stop.Token) == 0 && !stop.IsCancellationRequested ? 0 : Failed;
        }));
        return command;
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
