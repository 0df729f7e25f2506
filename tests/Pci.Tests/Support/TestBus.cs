namespace Understudy.Pci.Tests;

/// <summary>A machine that writes down what reaches it, in order, and keeps the MSI-X table itself where told.</summary>
sealed class TestBus(bool ownsMsixTable = false) : IPciBus
{
    public List<string> Seen { get; } = [];

    public ManualClock Time { get; } = new();

    public DeviceClock Clock => Time;

    public bool IsPowered => true;

    public bool OwnsMsixTable => ownsMsixTable;

    public bool TryReadMemory(ulong address, Span<byte> destination)
    {
        Seen.Add($"read 0x{address:x}+{destination.Length}");
        destination.Fill(0x5A);
        return true;
    }

    public bool TryWriteMemory(ulong address, ReadOnlySpan<byte> source)
    {
        Seen.Add($"write 0x{address:x} {Convert.ToHexString(source)}");
        return true;
    }

    public void SetIntx(bool asserted) => Seen.Add(asserted ? "intx" : "intx off");

    public void SendMessage(int vector, MsiMessage message) => Seen.Add($"message {vector} 0x{message.Address:x} 0x{message.Data:x}");
}
