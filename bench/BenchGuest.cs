using Understudy.Boards;
using Understudy.Guest;
using Understudy.Pci;
using Understudy.Runner;

namespace Understudy.Bench;

/// <summary>A booted guest with a bench card in it and the probe at hand.</summary>
sealed class BenchGuest : IAsyncDisposable
{
    const UnixFileMode Executable = (UnixFileMode)0b111_101_101;

    /// <summary>Memory the kernel keeps away from, for DMA without a driver.</summary>
    public const ulong FreeMemory = 128 << 20;
    const string FreeMemoryArgument = "memmap=16M$128M";

    readonly IMachine _machine;

    BenchGuest(IMachine machine, PciSlot<BenchCard> card) => (_machine, Card) = (machine, card);

    public PciSlot<BenchCard> Card { get; }

    public GuestAgent Agent => _machine.Guest;

    /// <summary>Boots the kernel of record with a card that has these interceptors.</summary>
    public static async Task<BenchGuest> BootAsync(Workshop workshop, CancellationToken cancel, params IReadOnlyList<BusInterceptor> interceptors)
    {
        var lab = await workshop.OpenLabAsync(Workshop.Kernel, cancel);
        var machine = lab.Board.Assemble(new BootSpec(lab.Kernel) { KernelArguments = [FreeMemoryArgument] });
        var guest = new BenchGuest(machine, machine.Pci.Plug(new BenchCard(), "card", interceptors));
        try
        {
            await machine.PowerOnAsync(cancel);
            await guest.Agent.PushAsync("/bin/probe", await File.ReadAllBytesAsync(await workshop.ProbeAsync(cancel), cancel), Executable, cancel);
            return guest;
        }
        catch
        {
            await guest.DisposeAsync();
            throw;
        }
    }

    /// <summary>The figures a command in the guest prints.</summary>
    public async Task<double[]> RunAsync(string[] command, CancellationToken cancel)
    {
        var result = await Agent.ExecuteAsync(command, cancellation: cancel);
        return result.Succeeded ? Workshop.Figures(result.Stdout)
            : throw new InvalidOperationException($"{string.Join(' ', command)} in the guest: {result.Stderr}{result.Stdout} (exit code {result.ExitCode})");
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
