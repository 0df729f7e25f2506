using Understudy.Pci;

namespace EveryEnding;

/// <summary>A model that crashes when it is told to.</summary>
public sealed class CardWithAMistake : PciDevice
{
    DeviceTimer? _mistake;

    public CardWithAMistake() : base(new PciIdentity(Vendor: 0x1234, Device: 0xFA17, ClassCode: 0xFF_00_00))
    {
    }

    protected override void PluggedIn() => _mistake = Timer(() => throw new InvalidOperationException("a mistake in the model"), "mistake");

    public void MakeIt() => _mistake!.Arm(1);
}
