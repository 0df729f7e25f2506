using Understudy.Linux;
using Understudy.Pci;
using Understudy.Transports.TimeTravel;

namespace Understudy.Transports.VhostUserPci;

/// <summary>One plugged device: the bus its slot sits in, and the thread that serves one guest after another.</summary>
sealed class DeviceServer : IPciBus
{
    public const int Queues = 2, CommandIndex = 0, InterruptIndex = 1;

    readonly Action<string, string> _found;
    readonly InterruptQueue _interrupts;
    readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly Lock _lifetime = new();
    readonly Calendar? _calendar;
    PciSlot? _slot;
    UnixSocket? _listener;
    Connection? _connection;
    bool _stopping, _shared;

    public DeviceServer(string name, string socketPath, DeviceClock clock, Action<string, string> found, Calendar? calendar)
    {
        (Name, SocketPath, Clock, _found, _calendar) = (name, socketPath, clock, found, calendar);
        (Commands, Interrupts, _interrupts) = (new Virtqueue(Memory), new Virtqueue(Memory), new InterruptQueue(this, callsLater: calendar is not null));
        calendar?.Add(_interrupts);
    }

    public string Name { get; }

    public string SocketPath { get; }

    public DeviceClock Clock { get; }

    public bool IsPowered { get; private set; }

    public bool OwnsMsixTable => false;

    /// <summary>How closely its accesses follow each other where the guest may be ahead of its writes; zero where it may not.</summary>
    public TimeSpan PostsWithin { get; init; }

    /// <summary>What the guest lets the device see; under the lock.</summary>
    public GuestMemory Memory { get; } = new();

    /// <summary>The queue the guest's accesses come by.</summary>
    public Virtqueue Commands { get; }

    /// <summary>The queue of the buffers for interrupts; under the lock.</summary>
    public Virtqueue Interrupts { get; }

    public Task Completion => _completion.Task;

    public void Found(string check, string text) => _found(check, $"{Name}: {text}");

    /// <summary>Listens, and serves from now on whoever connects.</summary>
    public void Start(PciSlot slot)
    {
        _slot = slot;
        File.Delete(SocketPath);        // a process that was killed leaves its sockets behind
        _listener = UnixSocket.Listen(SocketPath);
        new Thread(() => Serve(_listener, slot)) { IsBackground = true, Name = $"vhost-user {Name}" }.Start();
    }

    public void Stop()
    {
        lock (_lifetime)
        {
            _stopping = true;
            _connection?.Shutdown();
        }
        _listener!.Shutdown();
    }

    public Virtqueue? Queue(uint index) => index switch { CommandIndex => Commands, InterruptIndex => Interrupts, _ => null };

    /// <summary>The guest shares memory: for the first time, or because another driver takes the device over, which finds it reset.</summary>
    public void Share(ReadOnlySpan<MemoryRegion> regions, List<FileDescriptor> files)
    {
        if (_shared) _slot!.Reset();
        _shared = true;
        lock (Clock.Gate)
        {
            Commands.Clear();
            Interrupts.Clear();
            _interrupts.Forget();
            Memory.Replace(regions, files);
        }
    }

    public void SetChannel(UnixSocket channel)
    {
        lock (Clock.Gate) _interrupts.SetChannel(channel);
    }

    public void InterruptsKicked()
    {
        lock (Clock.Gate) _interrupts.Kicked();
    }

    /// <summary>A kick has been served: what it gave rise to is known to the guest when it goes on.</summary>
    public void Kicked() => _calendar?.Call();

    public bool TryReadMemory(ulong address, Span<byte> destination) => Memory.Read(address, destination);

    public bool TryWriteMemory(ulong address, ReadOnlySpan<byte> source) => Memory.Write(address, source);

    public void SetIntx(bool asserted)
    {
        try
        {
            _interrupts.SetIntx(asserted);
        }
        catch (ProtocolException wrong)
        {
            Broken(wrong);
        }
    }

    public void SendMessage(int vector, MsiMessage message)
    {
        try
        {
            _interrupts.Send(message);
        }
        catch (ProtocolException wrong)
        {
            Broken(wrong);
        }
    }

    // A model that raises an interrupt is not to blame for the state of the guest's queues.
    void Broken(ProtocolException wrong)
    {
        Found("vhost-user-protocol", wrong.Message);
        Interrupts.Clear();
        _connection?.Shutdown();
    }

    void Serve(UnixSocket listener, PciSlot slot)
    {
        try
        {
            var commands = new CommandQueue(this, slot);
            for (var client = 0; listener.Accept() is { } socket; client++)
            {
                if (client > 0) slot.Reset();   // another machine
                ServeClient(new Connection(socket, this, commands));
            }
            _completion.SetResult();
        }
        catch (Exception exception)
        {
            Found("vhost-user-crashed", exception.ToString());
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
            Found("vhost-user-protocol", exception.Message);
        }
        catch (LinuxException exception) when (exception.Errno is Errno.EPIPE or Errno.ECONNRESET)
        {
            // The guest left without waiting for an answer, as one does that is killed.
        }
        catch (Exception exception)
        {
            Found("vhost-user-crashed", exception.ToString());
        }
        lock (_lifetime) _connection = null;
        lock (Clock.Gate)
        {
            (IsPowered, _shared) = (false, false);
            Commands.Clear();
            Interrupts.Clear();
            _interrupts.Clear();
            Memory.Clear();
        }
    }
}
