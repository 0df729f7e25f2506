namespace Understudy.Pci.Tests;

/// <summary>A small network card: enough registers and behaviour for the slot's tests.</summary>
sealed class Nic : PciDevice
{
    public static class Mac
    {
        public static readonly RegisterMap Map = new("MAC", size: 256);

        public static readonly Register ChipCmd = Map.R8(0x37);
        public static readonly Flag SoftReset = ChipCmd.Pulse(4);
        public static readonly Field<Speed> LinkSpeed = ChipCmd.Rw<Speed>(1, 0);

        public static readonly Register IntrMask = Map.R16(0x3C);
        public static readonly Bits Unmasked = IntrMask.Rw(15, 0);

        public static readonly Register IntrStatus = Map.R16(0x3E);
        public static readonly Flag TxDone = IntrStatus.W1c(0);
        public static readonly Flag LinkChange = IntrStatus.W1c(5);

        public static readonly Register Doorbell = Map.R32(0x40);
        public static readonly Bits Address = Doorbell.Rw(31, 0);

        public static readonly Register Boom = Map.R32(0x50).ReadWrite();
        public static readonly Register Mystery = Map.R32(0x54).Todo();
    }

    public enum Speed
    {
        Off,
        Slow,
        Fast = 3,
    }

    public readonly record struct Descriptor(uint Owner, uint Length);

    readonly RegisterFile _mac;
    readonly InterruptBlock _interrupt;
    DeviceTimer? _transmit;

    public Nic(bool messages = true) : base(new PciIdentity(0x10EC, 0x8168, 0x020000))
    {
        _mac = Bar(2, Mac.Map);
        _interrupt = Interrupt(0, _mac, Mac.IntrStatus, Mac.IntrMask);
        _mac.OnWrite(Mac.ChipCmd, write => { if (write.Sets(Mac.SoftReset)) _mac.Reset(); })
            .OnWrite(Mac.Doorbell, _ => _transmit!.Arm(1000))
            .OnWrite(Mac.Boom, write => throw new InvalidOperationException($"wrote 0x{write.Written:x}"))
            .OnRead(Mac.Boom, () => throw new InvalidOperationException("read"));
        Moves<Descriptor>();
        HasIntx();
        Has(new PowerManagement());
        if (messages) Has(new Msi());
        Has(new PciExpress());
    }

    public Action? OnTransmit { get; set; }

    public Action? WhenReset { get; set; }

    public RegisterFile Registers => _mac;

    public void ChangeLink() => _interrupt.Raise(Mac.LinkChange);

    protected override void PluggedIn() => _transmit = Timer(Transmit);

    protected override void OnReset() => WhenReset?.Invoke();

    void Transmit()
    {
        OnTransmit?.Invoke();
        Dma.Publish(_mac[Mac.Address], new Descriptor(0x8000_0000, 64), ownerOffset: 0);
        _interrupt.Raise(Mac.TxDone);
    }
}
