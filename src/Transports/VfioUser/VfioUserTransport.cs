using System.Text.Json.Nodes;
using Understudy.Pci;

namespace Understudy.Transports.VfioUser;

/// <summary>Serves devices to QEMU 11.1 or newer over the vfio-user protocol (QEMU, docs/interop/vfio-user.rst): one UNIX socket and one
/// thread a device. A device that loses its machine waits for the next one and is reset when it comes.</summary>
public sealed class VfioUserTransport : IPciTransport
{
    const int MostFindings = 1000;

    readonly DeviceClock _clock;
    readonly VfioUserOptions _options;
    readonly string _directory;
    readonly bool _ownsDirectory;
    readonly Lock _gate = new();
    readonly List<DeviceServer> _servers = [];
    readonly Dictionary<PciSlot, DeviceServer> _bySlot = [];
    readonly List<BusFinding> _findings = [];
    readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Task? _disposal;

    /// <summary>A transport without devices yet.</summary>
    /// <param name="clock">Device time, and the one lock, of everything plugged here. Stays the caller's.</param>
    /// <param name="options">How it behaves; the defaults unless told.</param>
    /// <exception cref="ArgumentException">The options contradict each other, or a path in them is not one.</exception>
    /// <exception cref="IOException">The directory cannot be made.</exception>
    /// <exception cref="PlatformNotSupportedException">Not on Linux.</exception>
    public VfioUserTransport(DeviceClock clock, VfioUserOptions? options = null)
    {
        if (!OperatingSystem.IsLinux()) throw new PlatformNotSupportedException("vfio-user passes descriptors and maps memory as Linux does.");
        (_clock, _options) = (clock, options ?? new());
        if (_options.MessageWrites != MessageWrites.Never && _options.PostedWrites)
            throw new ArgumentException("MessageWrites needs PostedWrites = false: QEMU 11.1 cuts its answers off while posted writes fill the socket, and hangs.", nameof(options));
        _ownsDirectory = _options.Directory is null;
        _directory = _options.Directory ?? Directory.CreateTempSubdirectory("understudy-").FullName;
        Directory.CreateDirectory(_directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <inheritdoc/>
    public Task Completion => _completion.Task;

    /// <inheritdoc/>
    public IReadOnlyList<JsonObject> DeviceArguments
    {
        get { lock (_gate) return [.. _servers.Select(Argument)]; }
    }

    /// <inheritdoc/>
    public IReadOnlyList<BusFinding> Findings
    {
        get { lock (_findings) return [.. _findings]; }
    }

    /// <inheritdoc/>
    public PciSlot<T> Plug<T>(T device, string name, params IReadOnlyList<BusInterceptor> interceptors) where T : PciDevice
    {
        ArgumentNullException.ThrowIfNull(device);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposal is not null, this);
            CheckName(name);
            var server = new DeviceServer(device, name, Path.Combine(_directory, $"{name}.sock"), _clock, _options, Found);
            var slot = new PciSlot<T>(server, device, interceptors, _options.Seed);
            server.Start(slot);
            _servers.Add(server);
            _bySlot.Add(slot, server);
            return slot;
        }
    }

    /// <summary>Reads machine memory by messages, 64 KiB at a time: the way to memory that the machine does not share. The answer needs the
    /// machine to run, so this fails where the bus's lock is held, in a model for instance. Needs
    /// <see cref="VfioUserOptions.PostedWrites"/> off.</summary>
    /// <param name="slot">The device that reads; its Bus Master Enable must be on.</param>
    /// <param name="address">Bus address.</param>
    /// <param name="destination">Belongs to the read until the task ends.</param>
    /// <returns>False when the machine refused, is not there, or left meanwhile.</returns>
    /// <exception cref="InvalidOperationException">The caller holds the lock, or the machine posts its writes: either would stop the machine
    /// for good.</exception>
    public Task<bool> ReadMemoryAsync(PciSlot slot, ulong address, Memory<byte> destination) =>
        MemoryOf(slot)?.ReadAsync(address, destination) ?? Task.FromResult(false);

    /// <summary>Writes machine memory by messages; as <see cref="ReadMemoryAsync"/>.</summary>
    /// <param name="slot">The device that writes; its Bus Master Enable must be on.</param>
    /// <param name="address">Bus address.</param>
    /// <param name="source">Must not change until the task ends.</param>
    /// <returns>False when the machine refused, is not there, or left meanwhile.</returns>
    /// <exception cref="InvalidOperationException">The caller holds the lock, or the machine posts its writes: either would stop the machine
    /// for good.</exception>
    public Task<bool> WriteMemoryAsync(PciSlot slot, ulong address, ReadOnlyMemory<byte> source) =>
        MemoryOf(slot)?.WriteAsync(address, source) ?? Task.FromResult(false);

    /// <summary>Ends every conversation, waits for the devices' threads and removes the sockets. Machines that still run see their devices
    /// answer all ones.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_gate) _disposal ??= StopAsync([.. _servers]);
        return new(_disposal);
    }

    async Task StopAsync(DeviceServer[] servers)
    {
        foreach (var server in servers) server.Stop();
        await Task.WhenAll(servers.Select(server => server.Completion)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var server in servers) File.Delete(server.SocketPath);
        if (_ownsDirectory) Directory.Delete(_directory, recursive: true);
        if (servers.Select(server => server.Completion.Exception).FirstOrDefault(exception => exception is not null) is { } failure)
            _completion.SetException(failure.InnerExceptions);
        else
            _completion.SetResult();
    }

    JsonObject Argument(DeviceServer server)
    {
        var argument = new JsonObject
        {
            ["driver"] = "vfio-user-pci",
            ["id"] = server.Name,
            ["x-msg-timeout"] = int.MaxValue,   // one late answer ends the connection for good
            ["socket"] = new JsonObject { ["type"] = "unix", ["path"] = server.SocketPath },
        };
        if (!_options.PostedWrites) argument["x-no-posted-writes"] = true;
        if (_options.QueuedSends) argument["x-send-queued"] = true;
        return argument;
    }

    ClientMemory? MemoryOf(PciSlot slot)
    {
        if (_clock.Gate.IsHeldByCurrentThread)
            throw new InvalidOperationException("DMA by message needs the machine to run, and it may be waiting for the lock this thread holds: call from outside the model.");
        if (_options.PostedWrites)
            throw new InvalidOperationException("DMA by message needs PostedWrites = false: QEMU 11.1 cuts its answers off while posted writes fill the socket, and hangs.");
        lock (_gate)
            return _bySlot.TryGetValue(slot, out var server) ? server.ClientMemory
                : throw new ArgumentException($"The {slot.Device.GetType().Name} was not plugged into this transport.", nameof(slot));
    }

    void Found(string check, string text)
    {
        lock (_findings)
            if (_findings.Count < MostFindings && !_findings.Exists(finding => finding.Check == check && finding.Text == text))
                _findings.Add(new BusFinding(check, text, _clock.Now, ""));
    }

    void CheckName(string name)
    {
        if (name.Length == 0 || !char.IsAsciiLetter(name[0]) || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.')))
            throw new ArgumentException($"'{name}' cannot name a device: a letter, then letters, digits, '-', '_' and '.'", nameof(name));
        if (_servers.Exists(server => server.Name == name)) throw new ArgumentException($"A device named '{name}' is already plugged.", nameof(name));
    }
}
