using System.Text.Json.Nodes;
using Understudy.Pci;

namespace Understudy.Transports.VhostUserPci;

/// <summary>Serves devices to User Mode Linux as its <c>virtio_pcidev</c> driver wants them: PCI accesses as messages in a virtqueue, over
/// vhost-user, one UNIX socket and one thread a device. A device that loses its guest waits for the next one and is reset when it comes.</summary>
public sealed class VhostUserPciTransport : IPciTransport
{
    /// <summary>The slots of a User Mode Linux machine.</summary>
    public const int MostDevices = 8;

    const int MostFindings = 1000;

    readonly DeviceClock _clock;
    readonly VhostUserPciOptions _options;
    readonly string _directory;
    readonly bool _ownsDirectory;
    readonly Lock _gate = new();
    readonly List<DeviceServer> _servers = [];
    readonly List<BusFinding> _findings = [];
    readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Task? _disposal;

    /// <summary>A transport without devices yet.</summary>
    /// <param name="clock">Device time, and the one lock, of everything plugged here. Stays the caller's.</param>
    /// <param name="options">How it behaves; the defaults unless told.</param>
    /// <exception cref="IOException">The directory cannot be made.</exception>
    /// <exception cref="PlatformNotSupportedException">Not on Linux.</exception>
    public VhostUserPciTransport(DeviceClock clock, VhostUserPciOptions? options = null)
    {
        if (!OperatingSystem.IsLinux()) throw new PlatformNotSupportedException("vhost-user passes descriptors and maps memory as Linux does.");
        (_clock, _options) = (clock, options ?? new());
        _ownsDirectory = _options.Directory is null;
        _directory = _options.Directory ?? Directory.CreateTempSubdirectory("understudy-").FullName;
        Directory.CreateDirectory(_directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <inheritdoc/>
    public Task Completion => _completion.Task;

    /// <summary>For each device the socket it is served at, as <c>socket</c>, and its name, as <c>id</c>.</summary>
    public IReadOnlyList<JsonObject> DeviceArguments
    {
        get { lock (_gate) return [.. _servers.Select(server => new JsonObject { ["id"] = server.Name, ["socket"] = server.SocketPath })]; }
    }

    /// <inheritdoc/>
    public IReadOnlyList<BusFinding> Findings
    {
        get { lock (_findings) return [.. _findings, .. _options.Calendar?.Findings ?? []]; }
    }

    /// <inheritdoc/>
    public PciSlot<T> Plug<T>(T device, string name, params IReadOnlyList<BusInterceptor> interceptors) where T : PciDevice
    {
        ArgumentNullException.ThrowIfNull(device);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposal is not null, this);
            CheckName(name);
            var server = new DeviceServer(name, Path.Combine(_directory, $"{name}.sock"), _clock, Found, _options.Calendar) { PostsWithin = _options.Calendar is null ? _options.PostsWithin : TimeSpan.Zero };
            var slot = new PciSlot<T>(server, device, interceptors, _options.Seed);
            server.Start(slot);
            _servers.Add(server);
            return slot;
        }
    }

    /// <summary>Ends every conversation, waits for the devices' threads and removes the sockets. Guests that still run see their devices
    /// removed by surprise.</summary>
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
        if (_servers.Count == MostDevices) throw new ArgumentException($"A User Mode Linux machine has {MostDevices} slots, and all are taken.", nameof(name));
    }
}
