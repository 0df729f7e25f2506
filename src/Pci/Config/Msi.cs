using System.Numerics;

namespace Understudy.Pci;

/// <summary>Message Signalled Interrupts with a 64-bit address (PCI Local Bus 3.0, 6.8.1).</summary>
public sealed class Msi : Capability
{
    readonly bool _perVectorMask;
    Flag _enable;
    Bits _multipleMessageEnable, _addressLow, _addressHigh, _data, _mask, _pending;
    Register? _maskRegister, _control;

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

    internal bool IsEnabled(RegisterFile config) => config[_enable];

    /// <summary>What vector the machine's grant folds <paramref name="vector"/> to.</summary>
    internal int Granted(RegisterFile config, int vector) => vector & ((1 << (int)config[_multipleMessageEnable]) - 1);

    internal bool IsMasked(RegisterFile config, int vector) => _perVectorMask && (config[_mask] >> vector & 1) != 0;

    internal void SetPending(RegisterFile config, int vector, bool pending)
    {
        if (!_perVectorMask) return;
        var bit = 1UL << vector;
        config[_pending] = pending ? config[_pending] | bit : config[_pending] & ~bit;
    }

    internal MsiMessage Message(RegisterFile config, int vector)
        => new(config[_addressHigh] << 32 | config[_addressLow] << 2, (uint)config[_data] | (uint)vector);

    internal override void Attach(PciSlot slot, RegisterFile config)
    {
        config.OnWrite(_control!, _ => slot.InterruptModeWritten());
        if (_maskRegister is null) return;
        config.OnWrite(_maskRegister, _ =>
        {
            for (var vector = 0; vector < Vectors; vector++)
                if ((config[_pending] >> vector & 1) != 0 && !IsMasked(config, vector)) slot.Release(vector);
        });
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
        _mask = _maskRegister.Rw(31, 0, "MsiMaskBits");
        _pending = config.R32(Offset + 20, name: "MsiPending").Ro(31, 0, "MsiPendingBits");
    }
}
