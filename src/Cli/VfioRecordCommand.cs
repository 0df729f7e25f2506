using System.CommandLine;
using System.Globalization;
using Understudy.Devices;
using Understudy.Linux;
using Understudy.Runner;
using Understudy.Transports.VfioUser;
using Understudy.Verdict;
using Understudy.Vfio;

namespace Understudy.Cli;

/// <summary><c>understudy vfio record</c>: a real card for a guest, watched.</summary>
static class VfioRecordCommand
{
    static readonly Argument<string> s_address = new("ADDRESS") { Description = "The card, as 0000:6a:01.0, bound to vfio-pci" };
    static readonly Option<string?> s_as = new("--as") { Description = "The model that is to be compared with it, of 'understudy devices': its registers' names are in the trace, and 'understudy replay' replays it", HelpName = "MODEL" };
    static readonly Option<string> s_name = new("--name") { Description = "What the device is called in the trace", HelpName = "NAME", DefaultValueFactory = _ => "card" };
    static readonly Option<string?> s_sockets = new("--sockets") { Description = "The directory for the socket; a new one unless told", HelpName = "DIR" };
    static readonly Option<string?> s_output = new("--output", "-o") { Description = "The run directory to make; runs/record-TIME unless told", HelpName = "DIR" };
    static readonly Option<bool> s_unsealed = new("--unsealed-memory") { Description = "Take memory that the machine could make shorter, as memory-backend-file: if it does, this program dies" };

    public static Command Create()
    {
        var command = new Verb("record", "Serve a real card to a machine over vfio-user, so that the machine's own driver drives it, and write down what the two say to each other: a run directory for 'understudy trace' and 'understudy replay'. Ends with Ctrl-C.",
            """
            understudy vfio bind 0000:03:00.0
            understudy vfio record 0000:03:00.0 --as ioat -o runs/card
            qemu-system-x86_64 -object memory-backend-memfd,id=m,size=1G,share=on -machine q35,memory-backend=m -device 'what record says' ...
            understudy trace runs/card
            understudy replay runs/card      the model on the same accesses
            """) { s_address, s_as, s_name, s_sockets, s_output, s_unsealed };
        command.SetAction((parsed, cancel) => CommandLine.GuardAsync(json: false, () => RunAsync(parsed, cancel)));
        return command;
    }

    static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        var address = parsed.GetValue(s_address)!;
        var model = parsed.GetValue(s_as) is { } named ? Find(named) : null;
        var output = parsed.GetValue(s_output) ?? $"runs/record-{DateTime.Now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}";
        try
        {
            _ = PciFunction.Find(address);
            using var iommu = Iommu.OpenBest(Console.Error.WriteLine);
            using var card = VfioDevice.Open(address, iommu);
            using var proxy = new CardProxy(card, model?.Create());
            var watch = new DeviceWatch(output, $"understudy vfio record {address}", parsed.GetValue(s_name)!, model?.Name ?? address)
            {
                SocketDirectory = parsed.GetValue(s_sockets), AcceptUnsealedMemory = parsed.GetValue(s_unsealed), Memory = new Reach(proxy),
            };
            var verdict = await watch.RunAsync(proxy, [proxy.Watcher], new Teller(), argument => Console.WriteLine($"-device '{argument}'"), cancel).ConfigureAwait(false);
            Console.WriteLine($"{verdict}; {output}");
            return verdict.ExitCode();
        }
        catch (VfioException refused)
        {
            await Console.Error.WriteLineAsync(refused.Message).ConfigureAwait(false);
            return ExitCode.Broken;
        }
    }

    static CatalogEntry Find(string name)
    {
        try
        {
            return Catalog.Find(name);
        }
        catch (KeyNotFoundException none)
        {
            throw new UsageException(none.Message);
        }
    }

    // What the card cannot reach is said, and the machine goes on: it may never be asked to.
    sealed class Reach(CardProxy proxy) : IMachineMemory
    {
        public void Mapped(ulong address, ulong bytes, FileDescriptor? file, ulong offset, bool writable)
        {
            if (file is null || !writable) return;
            try
            {
                proxy.Map(address, SharedMapping.Map(file, offset, bytes, writable: true));
            }
            catch (Exception refused) when (refused is VfioException or LinuxException)
            {
                Console.Error.WriteLine($"The card cannot reach the machine's memory at 0x{address:x} (0x{bytes:x} bytes): {refused.Message}");
            }
        }

        public void Unmapped(ulong first, ulong last) => proxy.Unmap(first, last);
    }

    sealed class Teller : IRunObserver
    {
        public void Began(StepRecord step) => Console.Error.WriteLine($"{step.Name}: Ctrl-C ends it");

        public void Says(string text) => Console.Error.WriteLine(text);

        public void Ended(StepRecord step) => Console.Error.WriteLine($"{step.Name}: {step.Detail}");
    }
}
