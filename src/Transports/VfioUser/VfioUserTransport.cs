using System.Text.Json.Nodes;
using Understudy.Pci;
using Understudy.Transports.Serving;

namespace Understudy.Transports.VfioUser;

/// <summary>Serves devices to QEMU 11.1 or newer over the vfio-user protocol (QEMU, docs/interop/vfio-user.rst): one UNIX socket and one
/// thread a device. A device that loses its machine waits for the next one and is reset when it comes.</summary>
public sealed class VfioUserTransport : IPciTransport
{
    readonly DeviceClock _clock;
    readonly VfioUserOptions _options;
    readonly ServedDevices<VfioUserServer> _devices;

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
        _devices = new(clock, _options.Directory);
    }

    /// <inheritdoc/>
    public Task Completion => _devices.Completion;

    /// <inheritdoc/>
    public IReadOnlyList<JsonObject> DeviceArguments => [.. _devices.Servers.Select(Argument)];

    /// <inheritdoc/>
    public IReadOnlyList<BusFinding> Findings => _devices.Findings;

    /// <inheritdoc/>
    public PciSlot<T> Plug<T>(T device, string name, params IReadOnlyList<BusInterceptor> interceptors) where T : PciDevice
        => _devices.Plug(device, name, interceptors, _options.Seed, int.MaxValue, path => new VfioUserServer(device, name, path, _clock, _options, _devices.Found));

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
    public ValueTask DisposeAsync() => _devices.DisposeAsync();

    JsonObject Argument(VfioUserServer server)
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
        return (_devices.Servers.FirstOrDefault(server => server.Slot == slot) ?? throw new ArgumentException($"The {slot.Device.GetType().Name} was not plugged into this transport.", nameof(slot))).ClientMemory;
    }
}
