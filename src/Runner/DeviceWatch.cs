using Understudy.Boards;
using Understudy.Pci;
using Understudy.Transports.VfioUser;
using Understudy.Verdict;

namespace Understudy.Runner;

/// <summary>One device for a machine that somebody else runs, served over vfio-user; what crosses its bus is written down as a run, with a
/// recording of every byte.</summary>
/// <param name="directory">The run directory to make.</param>
/// <param name="command">The command line that does it again.</param>
/// <param name="name">What the device is called in the run, and its socket.</param>
/// <param name="model">The name in the catalog of the model that is to be compared with it.</param>
public sealed class DeviceWatch(string directory, string command, string name, string model)
{
    /// <summary>Where the socket goes; null for a directory of its own.</summary>
    public string? SocketDirectory { get; init; }

    /// <summary>Files of the machine's memory may be such as their owner can shorten.</summary>
    public bool AcceptUnsealedMemory { get; init; }

    /// <summary>Told of the machine's memory; null for nobody.</summary>
    public IMachineMemory? Memory { get; init; }

    /// <summary>Serves until it is stopped.</summary>
    /// <param name="device">The device.</param>
    /// <param name="interceptors">What stands between it and the machine, besides those that write down.</param>
    /// <param name="observer">Told what happens.</param>
    /// <param name="ready">Told the <c>-device</c> argument for QEMU, when a machine may come.</param>
    /// <param name="stop">Ends it.</param>
    /// <returns>Whether anything was found; and the recording is in the run directory.</returns>
    /// <exception cref="IOException">The run directory holds something already, or cannot be made.</exception>
    public async Task<RunVerdict> RunAsync(PciDevice device, IReadOnlyList<BusInterceptor> interceptors, IRunObserver observer, Action<string> ready, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(ready);
        var info = new RunInfo { Id = Path.GetFileName(directory), Title = $"{name} watched, as {model}", Command = command, Host = HostFactsReader.Read(), Devices = [new DeviceFacts(name, model)] };
        await using var run = Run.Begin(directory, info, observer);
        await run.StepAsync("watch", async notes =>
        {
            using var clock = new PacedClock();
            using var recorder = new DeviceRecorder(run.Directory.CreateAttachment(DeviceRecordings.FileOf(name)), model);
            var transport = new VfioUserTransport(clock, new VfioUserOptions { Directory = SocketDirectory, AcceptUnsealedMemory = AcceptUnsealedMemory, Memory = Memory });
            await using (transport.ConfigureAwait(false))
            {
                var trace = new TraceRecorder();
                run.Watch(name, transport.Plug(device, name, [trace, .. interceptors, recorder]), trace);
                ready(transport.DeviceArguments[0].ToJsonString());
                await Task.WhenAny(transport.Completion, Task.Delay(Timeout.Infinite, stop)).ConfigureAwait(false);
            }
            notes.Detail = $"{recorder.Count} entries";
            foreach (var finding in transport.Findings) observer.Says(finding.Text);
            if (recorder.Failure is { } torn) throw new LabFailedException($"the recording broke off: {torn.Message}");
        }).ConfigureAwait(false);
        return await run.ConcludeAsync().ConfigureAwait(false);
    }
}
