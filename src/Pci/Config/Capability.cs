namespace Understudy.Pci;

/// <summary>A structure in the capability list of configuration space. Declares its registers into the device's config map.</summary>
public abstract class Capability
{
    private protected Capability(byte id) => Id = id;

    /// <summary>Capability ID (PCI Code and ID Assignment, section 2).</summary>
    public byte Id { get; }

    /// <summary>Offset of its header in configuration space, once the device is in a slot.</summary>
    public int Offset { get; private protected set; }

    /// <summary>Bytes it takes, header included.</summary>
    private protected abstract int Length { get; }

    /// <summary>Declares the registers behind the two header bytes, at <see cref="Offset"/>.</summary>
    private protected abstract void Declare(RegisterMap config);

    /// <summary>Gives the registers their behaviour.</summary>
    internal virtual void Attach(PciSlot slot, RegisterFile config) { }

    internal int Place(RegisterMap config, int offset, int next)
    {
        Offset = offset;
        config.R8(offset, Id, $"{GetType().Name}Id");
        config.R8(offset + 1, (ulong)next, $"{GetType().Name}Next");
        Declare(config);
        return offset;
    }

    internal int AlignedLength => (Length + 3) & ~3;
}
