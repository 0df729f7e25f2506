using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>ACCES I/O PCI-IDIO-16: sixteen FET outputs and sixteen isolated inputs that interrupt when one of them changes. Driven by
/// <c>gpio-pci-idio-16.ko</c>, whose source is where the register names come from.</summary>
public sealed class PciIdio16 : PciDevice
{
    /// <summary>The registers of BAR 2, in I/O space.</summary>
    public static class Registers
    {
        /// <summary>All of them.</summary>
        public static readonly RegisterMap Map = new("IDIO16", size: 8);

        internal static readonly Register Out0To7 = Map.R8(0).ReadWrite();
        internal static readonly Register In0To7 = Map.R8(1);            // writing it clears the interrupt
        internal static readonly Register IrqControl = Map.R8(2);        // reading it enables interrupts, writing it disables them
        internal static readonly Register FilterControl = Map.R8(3);     // reading it activates the input filters, writing it takes them out
        internal static readonly Register Out8To15 = Map.R8(4).ReadWrite();
        internal static readonly Register In8To15 = Map.R8(5);

        internal static readonly Register IrqStatus = Map.R8(6);
        internal static readonly Flag Changed0To7 = IrqStatus.Ro(0);
        internal static readonly Flag Changed8To15 = IrqStatus.Ro(1);
        internal static readonly Flag Interrupting = IrqStatus.Ro(2);
    }

    readonly RegisterFile _registers;
    readonly InterruptLine _irq;
    bool _irqEnabled;

    /// <summary>A card with all inputs low.</summary>
    public PciIdio16() : base(new PciIdentity(Vendor: 0x494F, Device: 0x0DC8, ClassCode: 0x118000))
    {
        HasIntx();
        _irq = Interrupt();
        _registers = Bar(2, Registers.Map, BarKind.Io)
            .OnWrite(Registers.In0To7, _ => ClearInterrupt())
            .OnRead(Registers.IrqControl, EnableInterrupts)
            .OnWrite(Registers.IrqControl, _ => _irqEnabled = false);
    }

    /// <summary>What the driver has set the outputs to, output 0 lowest.</summary>
    public ushort Outputs => (ushort)(_registers[Registers.Out0To7] | _registers[Registers.Out8To15] << 8);

    /// <summary>The level at the inputs, input 0 lowest.</summary>
    public ushort Inputs => (ushort)(_registers[Registers.In0To7] | _registers[Registers.In8To15] << 8);

    /// <summary>Changes the level at one input, 0 to 15.</summary>
    public void SetInput(int input, bool high)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)input, 15u, nameof(input));
        var (port, changed) = input < 8 ? (Registers.In0To7, Registers.Changed0To7) : (Registers.In8To15, Registers.Changed8To15);
        var bit = 1UL << (input % 8);
        if ((_registers[port] & bit) != 0 == high) return;
        _registers[port] ^= bit;
        if (!_irqEnabled) return;
        _registers[changed] = _registers[Registers.Interrupting] = true;
        _irq.Set(true);
    }

    /// <inheritdoc/>
    protected override void OnReset() => _irqEnabled = false;

    ulong EnableInterrupts()
    {
        _irqEnabled = true;
        return 0;
    }

    void ClearInterrupt()
    {
        _registers[Registers.IrqStatus] = 0;
        _irq.Set(false);
    }
}
