using Understudy.Linux;
using Understudy.Pci;
using Understudy.Transports.Serving;

namespace Understudy.Transports.VfioUser;

/// <summary>One device served over vfio-user: the bus its slot sits in.</summary>
sealed class VfioUserServer : DeviceServer, IPciBus
{
    readonly VfioUserOptions _options;
    readonly PostedQueue? _posted;
    DeviceCommands? _commands;

    /// <summary>A bus for a device that is about to be plugged.</summary>
    public VfioUserServer(PciDevice device, string name, string socketPath, DeviceClock clock, VfioUserOptions options, Action<string, string> found)
        : base("vfio-user", name, socketPath, clock, found)
    {
        _options = options;
        Memory = new DmaTable(options.AcceptUnsealedMemory);
        var msi = device.Capabilities.OfType<Msi>().FirstOrDefault()?.Vectors ?? 0;
        var msix = device.Capabilities.OfType<Msix>().FirstOrDefault()?.Vectors ?? 0;
        Lines = new InterruptLines(device.IntxPin == 0 ? 0 : 1, msi, msix);
        if (options.MessageWrites != MessageWrites.Never) _posted = new PostedQueue(this);
    }

    public bool OwnsMsixTable => true;

    /// <summary>What the machine has let the device see; under the lock.</summary>
    public DmaTable Memory { get; }

    /// <summary>Who else is told of that memory; null for nobody.</summary>
    public IMachineMemory? Watcher => _options.Memory;

    /// <summary>Where interrupts go; under the lock.</summary>
    public InterruptLines Lines { get; }

    /// <summary>The machine's memory by messages, or null while no client is there.</summary>
    public ClientMemory? ClientMemory => (Conversation as Connection)?.Memory;

    public override void Start(PciSlot slot)
    {
        base.Start(slot);
        _posted?.Start();
    }

    public override void Stop()
    {
        base.Stop();
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

    protected override IConversation Converse(UnixSocket socket, PciSlot slot)
        => new Connection(socket, _commands ??= new DeviceCommands(this, slot, _options.WriteMultiple), _options.WriteMultiple);

    protected override void Forget()
    {
        Memory.Clear();
        Lines.Clear();
    }

    protected override void Left() => Watcher?.Unmapped(0, ulong.MaxValue);

    protected override void Finish() => _posted?.Join();
}
