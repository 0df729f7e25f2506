using System.Numerics;

namespace Understudy.Pci;

/// <summary>Message Signalled Interrupts with a 64-bit address (PCI Local Bus 3.0, 6.8.1).</summary>
public sealed class Msi : Capability, IMessageCapability
{
    readonly bool _perVectorMask;
    Flag _enable;
    Bits _multipleMessageEnable, _addressLow, _addressHigh, _data, _mask, _pending;
    Register? _maskRegister, _control;
    RegisterFile? _config;

    /// <summary>A capability for 1, 2, 4, 8, 16 or 32 vectors.</summary>
    public Msi(int vectors = 1, bool perVectorMask = false) : base(0x05)
    {
        if (vectors is < 1 or > 32 || !BitOperations.IsPow2(vectors))
            throw new ArgumentOutOfRangeException(nameof(vectors), $"MSI has 1, 2, 4, 8, 16 or 32 vectors, not {vectors}");
        (Vectors, _perVectorMask) = (vectors, perVectorMask);
    }

    /// <summary>Vectors the device asks for.</summary>
    public int Vectors { get; }

    private protected override int Length => _perVectorMask ? 24 : 16;

    bool IMessageCapability.IsEnabled => Config[_enable];

    /// <summary>Vectors the machine granted: never more than the device asked for, whatever it wrote.</summary>
    int Granted => Math.Min(1 << (int)Config[_multipleMessageEnable], Vectors);

    int IMessageCapability.Fold(int vector) => vector & (Granted - 1);

    bool IMessageCapability.IsMasked(int vector) => _perVectorMask && (Config[_mask] >> vector & 1) != 0;

    bool IMessageCapability.IsPending(int vector) => _perVectorMask && (Config[_pending] >> vector & 1) != 0;

    void IMessageCapability.SetPending(int vector, bool pending)
    {
        if (!_perVectorMask) return;
        var bit = 1UL << vector;
        Config[_pending] = pending ? Config[_pending] | bit : Config[_pending] & ~bit;
    }

    // The device replaces the low bits of the data that number the granted vectors.
    MsiMessage IMessageCapability.Message(int vector)
        => new(Config[_addressHigh] << 32 | Config[_addressLow] << 2, ((uint)Config[_data] & ~(uint)(Granted - 1)) | (uint)vector);

    internal override void Attach(PciSlot slot, RegisterFile config)
    {
        _config = config;
        config.OnWrite(_control!, _ => slot.Interrupts.Update());
        if (_maskRegister is null) return;
        config.OnWrite(_control!, _ => SendPending(slot)).OnWrite(_maskRegister, _ => SendPending(slot));
    }

    RegisterFile Config => _config ?? throw new InvalidOperationException("The device is not in a slot yet.");

    void SendPending(PciSlot slot)
    {
        for (var vector = 0; vector < Vectors; vector++) slot.Interrupts.Unmasked(this, vector);
    }

    private protected override void Declare(RegisterMap config)
    {
        _control = config.R16(Offset + 2, reset: (ulong)(0x80 | BitOperations.Log2((uint)Vectors) << 1 | (_perVectorMask ? 0x100 : 0)), name: "MsiControl");
        _enable = _control.Rw(0, "MsiEnable");
        _control.Ro(3, 1, "MultipleMessageCapable");
        _multipleMessageEnable = _control.Rw(6, 4, "MultipleMessageEnable");
        _addressLow = config.R32(Offset + 4, name: "MsiAddress").Rw(31, 2, "MsiAddressLow");
        _addressHigh = config.R32(Offset + 8, name: "MsiUpperAddress").Rw(31, 0, "MsiAddressHigh");
        _data = config.R16(Offset + 12, name: "MsiData").Rw(15, 0, "MsiDataBits");
        config.R16(Offset + 14, name: "MsiReserved");
        if (!_perVectorMask) return;
        _maskRegister = config.R32(Offset + 16, name: "MsiMask");
        _mask = _maskRegister.Rw(Vectors - 1, 0, "MsiMaskBits");
        _pending = config.R32(Offset + 20, name: "MsiPending").Ro(Vectors - 1, 0, "MsiPendingBits");
    }
}
