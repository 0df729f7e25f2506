using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>A card that says it is an <see cref="AxisG2"/>, and whose BAR 0 is of another size, or not there: other firmware, or a slot that the
/// machine gave no address. There is nothing in it; a driver has to see that before it looks.</summary>
sealed class AxisG2OtherBar : PciDevice
{
    /// <summary>Such a card.</summary>
    /// <param name="bytes">Of BAR 0, a power of two; 0 for none.</param>
    public AxisG2OtherBar(int bytes) : base(new AxisG2Options().Identity)
    {
        if (bytes > 0) Bar(0, new RegisterMap("OtherBar", bytes), BarKind.Memory64);
        Has(new PowerManagement());
        Has(new Msi());
        Has(new PciExpress());
        HasIntx();
    }
}
