namespace Understudy.Pci;

/// <summary>The machine of a replay: there is none. Whatever the device asks for is answered from the recording before it gets here.</summary>
sealed class ReplayBus(RecordHeader header, ManualClock clock) : IPciBus
{
    public DeviceClock Clock => clock;

    public bool IsPowered { get; set; }

    public bool OwnsMsixTable => header.MachineOwnsMsixTable;

    public bool TryReadMemory(ulong address, Span<byte> destination) => false;

    public bool TryWriteMemory(ulong address, ReadOnlySpan<byte> source) => false;

    public void SetIntx(bool asserted) { }

    public void SendMessage(int vector, MsiMessage message) { }
}
