using System.Runtime.InteropServices;
using Understudy.Linux;

namespace Understudy.Vfio;

/// <summary>Memory that devices reach by DMA, at <see cref="Iova"/>, and this process by copying in and out. Disposing unmaps it.</summary>
public sealed class DmaBuffer : IDisposable
{
    readonly Iommu _iommu;

    internal DmaBuffer(Iommu iommu, SharedMapping memory, ulong iova) => (_iommu, Memory, Iova) = (iommu, memory, iova);

    /// <summary>Its address as devices see it.</summary>
    public ulong Iova { get; }

    /// <summary>Its size in bytes.</summary>
    public ulong Size => Memory.Length;

    internal SharedMapping Memory { get; }

    /// <summary>Copies out. Aligned words of 2, 4 and 8 bytes are read whole.</summary>
    public void Read(ulong offset, Span<byte> destination) => Memory.Read(offset, destination);

    /// <summary>Copies in. Aligned words of 2, 4 and 8 bytes are seen whole by a device.</summary>
    public void Write(ulong offset, ReadOnlySpan<byte> source) => Memory.Write(offset, source);

    /// <summary>Reads a structure, little-endian as all of PCI.</summary>
    public T Read<T>(ulong offset) where T : unmanaged
    {
        T value = default;
        Memory.Read(offset, MemoryMarshal.AsBytes(new Span<T>(ref value)));
        return value;
    }

    /// <summary>Writes a structure.</summary>
    public void Write<T>(ulong offset, in T value) where T : unmanaged => Memory.Write(offset, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    /// <summary>Unmaps it, where that has not been done, and gives the memory back.</summary>
    public void Dispose()
    {
        _iommu.Release(this);
        Memory.Dispose();
    }
}
