using Understudy.Linux;
using Understudy.Pci;

namespace Understudy.Transports.VfioUser;

/// <summary>One plugged device: the bus its slot sits in, and the thread that serves one client after another.</summary>
sealed class DeviceServer : IPciBus
{
    readonly VfioUserOptions _options;
    readonly Action<string, string> _found;
    readonly PostedQueue? _posted;
    readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly Lock _lifetime = new();
    UnixSocket? _listener;
    Connection? _connection;
    bool _stopping;

    /// <summary>A bus for a device that is about to be plugged.</summary>
    public DeviceServer(PciDevice device, string name, string socketPath, DeviceClock clock, VfioUserOptions options, Action<string, string> found)
    {
        (Name, SocketPath, Clock, _options, _found) = (name, socketPath, clock, options, found);
        Memory = new DmaTable(options.AcceptUnsealedMemory);
        var msi = device.Capabilities.OfType<Msi>().FirstOrDefault()?.Vectors ?? 0;
        var msix = device.Capabilities.OfType<Msix>().FirstOrDefault()?.Vectors ?? 0;
        Lines = new InterruptLines(device.IntxPin == 0 ? 0 : 1, msi, msix);
        if (options.MessageWrites != MessageWrites.Never) _posted = new PostedQueue(this);
    }

    public string Name { get; }

    public string SocketPath { get; }

    public DeviceClock Clock { get; }

    public bool IsPowered { get; private set; }

    public bool OwnsMsixTable => true;

    /// <summary>What the machine has let the device see; under the lock.</summary>
    public DmaTable Memory { get; }

    /// <summary>Who else is told of that memory; null for nobody.</summary>
    public IMachineMemory? Watcher => _options.Memory;

    /// <summary>Where interrupts go; under the lock.</summary>
    public InterruptLines Lines { get; }

    /// <summary>The machine's memory by messages, or null while no client is there.</summary>
    public ClientMemory? ClientMemory
    {
        get { lock (_lifetime) return _connection?.Memory; }
    }

    public Task Completion => _completion.Task;

    public void Found(string check, string text) => _found(check, $"{Name}: {text}");

    /// <summary>Listens, and serves from now on whoever connects.</summary>
    public void Start(PciSlot slot)
    {
        File.Delete(SocketPath);        // a process that was killed leaves its sockets behind
        _listener = UnixSocket.Listen(SocketPath);
        new Thread(() => Serve(_listener, slot)) { IsBackground = true, Name = $"vfio-user {Name}" }.Start();
        _posted?.Start();
    }

    public void Stop()
    {
        lock (_lifetime)
        {
            _stopping = true;
            _connection?.Shutdown();
        }
        _listener!.Shutdown();
        _posted?.Stop();
    }

    public bool TryReadMemory(ulong address, Span<byte> destination) => Memory.Read(address, destination) == DmaResult.Done;

    public bool TryWriteMemory(ulong address, ReadOnlySpan<byte> source)
    {
        if (_posted is null) return Memory.Write(address, source) == DmaResult.Done;
        var result = Memory.Check(address, source.Length, write: true);
        if (result is DmaResult.Unmapped or DmaResult.Forbidden) return false;
        var byMessage = result == DmaResult.Unshared || _options.MessageWrites == MessageWrites.Always;
        return byMessage || !_posted.IsEmpty ? _posted.Write(address, source, byMessage) : Memory.Write(address, source) == DmaResult.Done;
    }

    public void SetIntx(bool asserted)
    {
        if (_posted is { IsEmpty: false }) _posted.SetIntx(asserted);
        else Lines.SetIntx(asserted);
    }

    public void SendMessage(int vector, MsiMessage message)
    {
        if (_posted is { IsEmpty: false }) _posted.SendMessage(vector);
        else Lines.Send(vector);
    }

    void Serve(UnixSocket listener, PciSlot slot)
    {
        try
        {
            var commands = new DeviceCommands(this, slot, _options.WriteMultiple);
            for (var client = 0; listener.Accept() is { } socket; client++)
            {
                if (client > 0) slot.Reset();   // another machine, or the same one after its power was off
                ServeClient(new Connection(socket, commands, _options.WriteMultiple));
            }
            _posted?.Join();
            _completion.SetResult();
        }
        catch (Exception exception)
        {
            Found("vfio-user-crashed", exception.ToString());
            _completion.SetException(exception);
        }
        listener.Dispose();
    }

    void ServeClient(Connection connection)
    {
        using var _ = connection;
        lock (_lifetime)
        {
            if (_stopping) return;
            _connection = connection;
        }
        try
        {
            lock (Clock.Gate) IsPowered = true;
            connection.Run();
        }
        catch (ProtocolException exception)
        {
            Found("vfio-user-protocol", exception.Message);
        }
        catch (LinuxException exception) when (exception.Errno is Errno.EPIPE or Errno.ECONNRESET)
        {
            // The client left without waiting for an answer, as a machine does that is killed.
        }
        catch (Exception exception)
        {
            Found("vfio-user-crashed", exception.ToString());
        }
        lock (_lifetime) _connection = null;
        lock (Clock.Gate)
        {
            IsPowered = false;
            Memory.Clear();
            Lines.Clear();
        }
        Watcher?.Unmapped(0, ulong.MaxValue);
    }
}
