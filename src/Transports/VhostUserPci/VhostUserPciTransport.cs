using System.Text.Json.Nodes;
using Understudy.Pci;
using Understudy.Transports.Serving;

namespace Understudy.Transports.VhostUserPci;

/// <summary>Serves devices to User Mode Linux as its <c>virtio_pcidev</c> driver wants them: PCI accesses as messages in a virtqueue, over
/// vhost-user, one UNIX socket and one thread a device. A device that loses its guest waits for the next one and is reset when it comes.</summary>
public sealed class VhostUserPciTransport : IPciTransport
{
    /// <summary>The slots of a User Mode Linux machine.</summary>
    public const int MostDevices = 8;

    readonly DeviceClock _clock;
    readonly VhostUserPciOptions _options;
    readonly ServedDevices<VhostUserPciServer> _devices;

    /// <summary>A transport without devices yet.</summary>
    /// <param name="clock">Device time, and the one lock, of everything plugged here. Stays the caller's.</param>
    /// <param name="options">How it behaves; the defaults unless told.</param>
    /// <exception cref="IOException">The directory cannot be made.</exception>
    /// <exception cref="PlatformNotSupportedException">Not on Linux.</exception>
    public VhostUserPciTransport(DeviceClock clock, VhostUserPciOptions? options = null)
    {
        if (!OperatingSystem.IsLinux()) throw new PlatformNotSupportedException("vhost-user passes descriptors and maps memory as Linux does.");
        (_clock, _options) = (clock, options ?? new());
        _devices = new(clock, _options.Directory);
    }

    /// <inheritdoc/>
    public Task Completion => _devices.Completion;

    /// <summary>For each device the socket it is served at, as <c>socket</c>, and its name, as <c>id</c>.</summary>
    public IReadOnlyList<JsonObject> DeviceArguments => [.. _devices.Servers.Select(server => new JsonObject { ["id"] = server.Name, ["socket"] = server.SocketPath })];

    /// <inheritdoc/>
    public IReadOnlyList<BusFinding> Findings => [.. _devices.Findings, .. _options.Calendar?.Findings ?? []];

    /// <inheritdoc/>
    public PciSlot<T> Plug<T>(T device, string name, params IReadOnlyList<BusInterceptor> interceptors) where T : PciDevice
        => _devices.Plug(device, name, interceptors, _options.Seed, MostDevices, path => new VhostUserPciServer(name, path, _clock, _devices.Found, _options.Calendar) { PostsWithin = _options.Calendar is null ? _options.PostsWithin : TimeSpan.Zero });

    /// <summary>Ends every conversation, waits for the devices' threads and removes the sockets. Guests that still run see their devices
    /// removed by surprise.</summary>
    public ValueTask DisposeAsync() => _devices.DisposeAsync();
}
