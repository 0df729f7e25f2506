using Understudy.Linux;
using Understudy.Pci;
using Understudy.Transports.Serving;
using Understudy.Transports.TimeTravel;

namespace Understudy.Transports.VhostUserPci;

/// <summary>One device served over vhost-user: the bus its slot sits in.</summary>
sealed class VhostUserPciServer : DeviceServer, IPciBus
{
    public const int Queues = 2, CommandIndex = 0, InterruptIndex = 1;

    readonly InterruptQueue _interrupts;
    readonly Calendar? _calendar;
    CommandQueue? _commands;
    bool _shared;

    public VhostUserPciServer(string name, string socketPath, DeviceClock clock, Action<string, string> found, Calendar? calendar)
        : base("vhost-user", name, socketPath, clock, found)
    {
        _calendar = calendar;
        (Commands, Interrupts, _interrupts) = (new Virtqueue(Memory), new Virtqueue(Memory), new InterruptQueue(this, callsLater: calendar is not null));
        calendar?.Add(_interrupts);
    }

    public bool OwnsMsixTable => false;

    /// <summary>How closely its accesses follow each other where the guest may be ahead of its writes; zero where it may not.</summary>
    public TimeSpan PostsWithin { get; init; }

    /// <summary>What the guest lets the device see; under the lock.</summary>
    public GuestMemory Memory { get; } = new();

    /// <summary>The queue the guest's accesses come by.</summary>
    public Virtqueue Commands { get; }

    /// <summary>The queue of the buffers for interrupts; under the lock.</summary>
    public Virtqueue Interrupts { get; }

    public Virtqueue? Queue(uint index) => index switch { CommandIndex => Commands, InterruptIndex => Interrupts, _ => null };

    /// <summary>The guest shares memory: for the first time, or because another driver takes the device over, which finds it reset.</summary>
    public void Share(ReadOnlySpan<MemoryRegion> regions, List<FileDescriptor> files)
    {
        if (_shared) Slot!.Reset();
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
        HangUp();
    }

    protected override IConversation Converse(UnixSocket socket, PciSlot slot) => new Connection(socket, this, _commands ??= new CommandQueue(this, slot));

    protected override void Forget()
    {
        _shared = false;
        Commands.Clear();
        Interrupts.Clear();
        _interrupts.Clear();
        Memory.Clear();
    }
}
