using System.Security.Cryptography;
using Understudy.Guest;
using Understudy.Pci;
using Understudy.Transports;
using Understudy.Transports.VfioUser;

namespace Understudy.Boards;

/// <summary>A machine of one spec: its devices, and the QEMU they are in.</summary>
sealed class QemuMachine : IMachine
{
    // A saved guest answers within a tenth of a second, or never.
    static readonly TimeSpan s_restoreLimit = TimeSpan.FromSeconds(30);

    readonly QemuBoard _board;
    readonly BootSpec _spec;
    readonly SocketDirectory _sockets = new();
    readonly PacedClock _clock = new();
    readonly VfioUserTransport _pci;
    readonly TaskCompletionSource<MachineExit> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    QemuSession? _session;
    string _awaited = "agent";
    bool _disposed;

    public QemuMachine(QemuBoard board, BootSpec spec)
    {
        (_board, _spec) = (board, spec);
        _pci = new VfioUserTransport(_clock, new VfioUserOptions { Directory = _sockets.Path, QueuedSends = spec.QueuedSends, Seed = spec.Seed });
    }

    public IPciTransport Pci => _pci;

    public SerialConsole Console { get; } = new();

    public GuestAgent Guest => _session?.Guest ?? throw new InvalidOperationException("The machine has not booted.");

    public Task<MachineExit> Exit => _exit.Task;

    public Accelerator Accelerator => _board.Accelerator;

    public Task PowerOnAsync(CancellationToken cancel = default)
    {
        if (_session is not null) throw new InvalidOperationException("A machine is switched on once.");
        return _spec.Start == GuestStart.Restored ? RestoreAsync(cancel) : BootAsync(cancel);
    }

    public async Task<MachineExit> ShutDownAsync(TimeSpan grace)
    {
        if (_session is null) throw new InvalidOperationException("The machine has not been switched on.");
        try
        {
            if (_session.Guest is { } guest && !Exit.IsCompleted) await guest.PowerOffAsync().WaitAsync(grace).ConfigureAwait(false);
            return await Exit.WaitAsync(grace).ConfigureAwait(false);
        }
        catch (GuestLostException)
        {
            return await EndedOrKilledAsync(grace).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TimeoutException or GuestException)
        {
            return await KilledAsync().ConfigureAwait(false);
        }
    }

    public Task<string> InspectAsync(CancellationToken cancel = default) => _session?.InspectAsync(cancel) ?? Task.FromResult("");

    public Task<string> AskTasksAsync(CancellationToken cancel = default) => _session?.AskAsync("wlt", cancel) ?? Task.FromResult("");

    public Task DumpMemoryAsync() => _session?.DumpAsync() ?? Task.CompletedTask;

    public Task InterruptAsync(CancellationToken cancel = default) => _session?.InterruptAsync(cancel) ?? Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true)) return;
        if (_session is not null)
        {
            if (_spec.Start == GuestStart.Cold && _session.Guest is { } guest) _board.LearnTscFrequency(guest);
            await _session.DisposeAsync().ConfigureAwait(false);
        }
        await _pci.DisposeAsync().ConfigureAwait(false);
        _clock.Dispose();
        _sockets.Dispose();
    }

    async Task BootAsync(CancellationToken cancel)
    {
        var initramfs = _sockets["initramfs"];
        (await _board.InitramfsAsync(_spec, cancel).ConfigureAwait(false)).WriteTo(initramfs);
        var devices = _pci.DeviceArguments;
        var launch = _board.Launch(_sockets, devices.Count + _spec.SpareSlots) with { Devices = devices, Initramfs = initramfs, TscKilohertz = _board.TscKilohertz };
        await LimitAsync(_spec.BootLimit, async stop =>
        {
            var session = NewSession();
            Adopt(session);
            await session.StartAsync(QemuCommandLine.For(_spec, launch), _spec.OnDeviceCommand, stop).ConfigureAwait(false);
            await session.WhileRunningAsync(GuestSoftware.PreloadAsync(Guest, _spec, stop), stop).ConfigureAwait(false);
        }, cancel).ConfigureAwait(false);
    }

    async Task RestoreAsync(CancellationToken cancel)
    {
        try
        {
            await ContinueAsync(cancel).ConfigureAwait(false);
        }
        finally
        {
            if (_session is not null) Adopt(_session);
        }
        await LimitAsync(_spec.BootLimit, SettleAsync, cancel).ConfigureAwait(false);
    }

    // A saved guest that does not come back is made anew, once. Nobody hears of the attempt but who asked to be told.
    async Task ContinueAsync(CancellationToken cancel)
    {
        var template = await _board.Templates.EnsureAsync(_spec, SlotsFor(_pci.DeviceArguments.Count + _spec.SpareSlots), cancel).ConfigureAwait(false);
        try
        {
            await ContinueAsync(template, cancel).ConfigureAwait(false);
        }
        catch (Exception useless) when (useless is LabFailedException or BootFailedException)
        {
            _spec.OnNote?.Invoke($"the saved guest does not come back and is made anew: {useless.Message.Split('\n')[0]}");
            await _session!.DisposeAsync().ConfigureAwait(false);
            await ContinueAsync(await _board.Templates.RenewAsync(template, cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);
        }
    }

    // Specs that differ in a device or two share a saved guest.
    static int SlotsFor(int wanted) => Math.Min((wanted + 3) / 4 * 4, QemuCommandLine.MostSlots);

    Task ContinueAsync(GuestTemplate template, CancellationToken cancel)
        => LimitAsync(
            s_restoreLimit < _spec.BootLimit ? s_restoreLimit : _spec.BootLimit,
            stop => NewSession().StartAsync(QemuCommandLine.For(_spec, _board.Launch(_sockets, template.Slots) with { Saved = template.Path }), _spec.OnDeviceCommand, stop),
            cancel);

    // What time did to the guest while it lay there, and what must not be alike in two of them; then its devices.
    async Task SettleAsync(CancellationToken cancel)
    {
        var devices = _pci.DeviceArguments;
        List<Task> under = [Guest.SetTimeAsync(DateTimeOffset.UtcNow, cancel)];
        if (_spec.FreshRandomNumbers) under.Add(Guest.SeedAsync(RandomNumberGenerator.GetBytes(64), cancel));
        for (var i = 0; i < devices.Count; i++) under.Add(_session!.AddDeviceAsync(QemuCommandLine.InSlot(devices[i], i), cancel));
        await _session!.WhileRunningAsync(Task.WhenAll(under), cancel).ConfigureAwait(false);
        for (var i = 0; i < devices.Count; i++)
        {
            _awaited = $"sign that the kernel has found '{devices[i]["id"]}'";
            await _session.WhileRunningAsync(FoundAsync(QemuCommandLine.GuestPath(i), cancel), cancel).ConfigureAwait(false);
        }
    }

    // The kernel shows a device before drivers may have it (drivers/pci/bus.c, pci_bus_add_device): one that is loaded in between does not
    // probe it, and the kernel's hot-plug worker does later. It holds the lock until then that a rescan, which finds nothing new, has to take.
    async Task FoundAsync(string pattern, CancellationToken cancel)
    {
        var path = await Guest.WaitForPathAsync(pattern, cancel).ConfigureAwait(false);
        var (port, bus) = (Path.GetDirectoryName(path), Path.GetFileName(path)[.."0000:00".Length]);
        await Guest.PushAsync($"{port}/pci_bus/{bus}/rescan", "1"u8.ToArray(), UnixFileMode.UserWrite, cancel).ConfigureAwait(false);
    }

    QemuSession NewSession() => _session = new QemuSession(_board.Qemu, _sockets, Console, _spec.MemoryDump);

    void Adopt(QemuSession session) => _ = ForwardExitAsync(session);

    async Task ForwardExitAsync(QemuSession session) => _exit.TrySetResult(await session.Exit.ConfigureAwait(false));

    async Task LimitAsync(TimeSpan limit, Func<CancellationToken, Task> work, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        stop.CancelAfter(limit);
        try
        {
            await work(stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested && _session is not null)
        {
            throw await _session.HungAsync(_awaited, limit).ConfigureAwait(false);
        }
    }

    // A guest that left before it was asked is ending by itself; how it does is the better story.
    async Task<MachineExit> EndedOrKilledAsync(TimeSpan grace)
    {
        await ((Task)Exit).WaitAsync(grace).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return await KilledAsync().ConfigureAwait(false);
    }

    // Where a guest was that would not end is the first thing anybody asks.
    async Task<MachineExit> KilledAsync()
    {
        var where = Exit.IsCompleted ? "" : await InspectAsync().ConfigureAwait(false);
        _session!.PullPlug();
        var exit = await Exit.ConfigureAwait(false);
        return exit.Reason == MachineExitReason.Killed ? exit with { Detail = $"{Console.LastLines(10)}\n{where}".Trim() } : exit;
    }
}
