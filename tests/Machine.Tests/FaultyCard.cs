using Understudy.Pci;

namespace Understudy.Machine.Tests;

/// <summary>A model with mistakes in it, each waiting for the guest to touch its register.</summary>
sealed class FaultyCard : PciDevice
{
    static readonly RegisterMap Map = new("FAULTY", size: 4096);
    static readonly Register Magic = Map.R32(0x00, reset: 0x600D_CA2D, name: "Magic");
    static readonly Register InRead = Map.R32(0x04, name: "InRead").ReadWrite();
    static readonly Register InWrite = Map.R32(0x08, name: "InWrite").ReadWrite();
    static readonly Register InTimer = Map.R32(0x0C, name: "InTimer").ReadWrite();
    static readonly Register InDma = Map.R32(0x10, name: "InDma").ReadWrite();
    DeviceTimer? _timer, _dma;

    public FaultyCard() : base(new PciIdentity(Vendor: 0x1234, Device: 0xFA17, ClassCode: 0xFF_00_00))
        => Bar(0, Map)
            .OnRead(InRead, () => throw new InvalidOperationException("a mistake in a read hook"))
            .OnWrite(InWrite, _ => throw new InvalidOperationException("a mistake in a write hook"))
            .OnWrite(InTimer, _ => _timer!.Arm(1000))
            .OnWrite(InDma, write => _dma!.Arm(1000));

    protected override void PluggedIn()
    {
        _timer = Timer(() => throw new InvalidOperationException("a mistake in a timer"), "faulty timer");
        _dma = Timer(CompleteDma, "faulty completion");
    }

    void CompleteDma()
    {
        Span<byte> word = stackalloc byte[4];
        var there = Dma.Read(0x1000, word);
        throw new InvalidOperationException($"a mistake after DMA ({there})");
    }
}
