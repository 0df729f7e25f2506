using Understudy.Pci;

namespace Understudy.Transports.Serving;

/// <summary>The devices of one transport, each at a socket in one directory: their names, what was found, and their end. From any thread.</summary>
sealed class ServedDevices<TServer> : IAsyncDisposable where TServer : DeviceServer, IPciBus
{
    const int MostFindings = 1000;

    readonly DeviceClock _clock;
    readonly string _directory;
    readonly bool _ownsDirectory;
    readonly Lock _gate = new();
    readonly List<TServer> _servers = [];
    readonly List<BusFinding> _findings = [];
    readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Task? _disposal;

    /// <summary>None yet.</summary>
    /// <param name="clock">Their time and lock.</param>
    /// <param name="directory">Where the sockets are; null for a directory that goes with them.</param>
    /// <exception cref="IOException">The directory cannot be made.</exception>
    public ServedDevices(DeviceClock clock, string? directory)
    {
        (_clock, _ownsDirectory) = (clock, directory is null);
        _directory = directory ?? Directory.CreateTempSubdirectory("understudy-").FullName;
        Directory.CreateDirectory(_directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Ends when all have been disposed of and the last is served no more; faults if serving one failed for a reason of ours.</summary>
    public Task Completion => _completion.Task;

    /// <summary>In the order of plugging.</summary>
    public IReadOnlyList<TServer> Servers
    {
        get { lock (_gate) return [.. _servers]; }
    }

    /// <summary>What machines did that they must not do, each once.</summary>
    public IReadOnlyList<BusFinding> Findings
    {
        get { lock (_findings) return [.. _findings]; }
    }

    /// <summary>Serves one more.</summary>
    /// <param name="device">The device.</param>
    /// <param name="name">Its name.</param>
    /// <param name="interceptors">What sits between machine and device.</param>
    /// <param name="seed">Of the device's random sources.</param>
    /// <param name="most">How many there may be.</param>
    /// <param name="serve">Makes its server, for a socket at this path.</param>
    /// <exception cref="ArgumentException">The name is taken or not a name, or there are too many.</exception>
    public PciSlot<T> Plug<T>(T device, string name, IReadOnlyList<BusInterceptor> interceptors, int seed, int most, Func<string, TServer> serve) where T : PciDevice
    {
        ArgumentNullException.ThrowIfNull(device);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposal is not null, this);
            CheckName(name);
            if (_servers.Count == most) throw new ArgumentException($"The machine has {most} slots, and all are taken.", nameof(name));
            var server = serve(Path.Combine(_directory, $"{name}.sock"));
            var slot = new PciSlot<T>(server, device, interceptors, seed);
            server.Start(slot);
            _servers.Add(server);
            return slot;
        }
    }

    /// <summary>Notes what was found.</summary>
    public void Found(string check, string text)
    {
        lock (_findings)
            if (_findings.Count < MostFindings && !_findings.Exists(finding => finding.Check == check && finding.Text == text))
                _findings.Add(new BusFinding(check, text, _clock.Now, ""));
    }

    /// <summary>Ends every conversation, waits for the devices' threads and removes the sockets.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_gate) _disposal ??= StopAsync([.. _servers]);
        return new(_disposal);
    }

    async Task StopAsync(TServer[] servers)
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

    void CheckName(string name)
    {
        if (name.Length == 0 || !char.IsAsciiLetter(name[0]) || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.')))
            throw new ArgumentException($"'{name}' cannot name a device: a letter, then letters, digits, '-', '_' and '.'", nameof(name));
        if (_servers.Exists(server => server.Name == name)) throw new ArgumentException($"A device named '{name}' is already plugged.", nameof(name));
    }
}
