using System.Runtime.InteropServices;

namespace Understudy.Pci;

/// <summary>Bus mastering, as a model writes it. Everything is copied. A failed access returns false (not mapped, or Bus Master Enable is
/// off), and a failed read fills its destination with ones; the device decides what its hardware would do then.</summary>
public readonly ref struct Dma
{
    readonly PciSlot _slot;

    internal Dma(PciSlot slot) => _slot = slot;

    /// <summary>Reads machine memory.</summary>
    public bool Read(ulong address, Span<byte> destination) => _slot.SendDma(BusOp.DmaRead, address, destination, default);

    /// <summary>Reads a structure with the layout of <typeparamref name="T"/>, little-endian as all of PCI.</summary>
    public bool Read<T>(ulong address, out T value) where T : unmanaged
    {
        value = default;
        return _slot.SendDma(BusOp.DmaRead, address, MemoryMarshal.AsBytes(new Span<T>(ref value)), default, typeof(T));
    }

    /// <summary>Writes machine memory. Visible before any later write or interrupt of this device.</summary>
    public bool Write(ulong address, ReadOnlySpan<byte> source) => _slot.SendDma(BusOp.DmaWrite, address, default, source);

    /// <summary>Writes a structure.</summary>
    public bool Write<T>(ulong address, in T value) where T : unmanaged
        => _slot.SendDma(BusOp.DmaWrite, address, default, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)), typeof(T));

    /// <summary>Hands a descriptor over: first everything but its owner word, then that word, so that a driver that sees the owner change
    /// sees the rest as well.</summary>
    /// <param name="address">Where the descriptor is.</param>
    /// <param name="descriptor">What it becomes.</param>
    /// <param name="ownerOffset">Where its owner word is, in bytes.</param>
    /// <param name="ownerBytes">The owner word's width.</param>
    public bool Publish<T>(ulong address, in T descriptor, int ownerOffset, int ownerBytes = 4) where T : unmanaged
        => Publish(address, descriptor, ownerOffset, ownerBytes, ..);

    /// <summary>The same for hardware that writes a part of its descriptors only.</summary>
    /// <param name="address">Where the whole descriptor is.</param>
    /// <param name="descriptor">What it becomes.</param>
    /// <param name="ownerOffset">Where its owner word is, in bytes; it lies in the part.</param>
    /// <param name="ownerBytes">The owner word's width.</param>
    /// <param name="part">The bytes that are written.</param>
    public bool Publish<T>(ulong address, in T descriptor, int ownerOffset, int ownerBytes, Range part) where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in descriptor));
        var (first, end) = (part.Start.GetOffset(bytes.Length), part.End.GetOffset(bytes.Length));
        return Send<T>(address, bytes, first, ownerOffset, isBody: true)
            && Send<T>(address, bytes, ownerOffset + ownerBytes, end, isBody: true)
            && Send<T>(address, bytes, ownerOffset, ownerOffset + ownerBytes, isBody: false);
    }

    bool Send<T>(ulong address, ReadOnlySpan<byte> bytes, int first, int end, bool isBody)
        => first == end || _slot.SendDma(BusOp.DmaWrite, address + (ulong)first, default, bytes[first..end], typeof(T), isBody);
}
