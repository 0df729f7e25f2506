using Understudy.Linux;

namespace Understudy.Vfio;

/// <summary>A space of device addresses: what is mapped here is what the devices opened on it can reach. One container, or one IOAS of an
/// iommufd, or the table of a model; devices may share it. Not for use from several threads at once.</summary>
public abstract class Iommu : IDisposable
{
    readonly List<IovaRange> _mapped = [];
    IovaAllocator? _addresses;

    private protected Iommu(IommuMode mode) => Mode = mode;

    /// <summary>How it is asked for.</summary>
    public IommuMode Mode { get; }

    /// <summary>What is mapped now, in order of mapping.</summary>
    public IReadOnlyList<IovaRange> Mapped => _mapped;

    /// <summary>The device addresses that may be mapped, in order. A container knows them once a device is in it.</summary>
    /// <exception cref="VfioException">The kernel would not tell.</exception>
    public abstract IReadOnlyList<IovaRange> AllowedRanges { get; }

    /// <summary>Opens one.</summary>
    /// <exception cref="VfioException">The kernel does not have that interface, or this process may not use it; the message says which
    /// and what to do.</exception>
    public static Iommu Open(IommuMode mode = IommuMode.Iommufd) => mode switch
    {
        IommuMode.Iommufd => new IommufdIommu(),
        IommuMode.Model => new ModelIommu(),
        _ => new ContainerIommu(mode),
    };

    /// <summary>Opens an iommufd, or where the kernel has none, a container.</summary>
    /// <param name="says">Told, in a line, when it had to be a container, and why.</param>
    /// <exception cref="VfioException">The kernel has neither.</exception>
    public static Iommu OpenBest(Action<string>? says = null)
    {
        try
        {
            return Open();
        }
        catch (VfioException none)
        {
            says?.Invoke($"{none.Message} Using {IommuModes.Name(IommuMode.VfioType1V2)} instead.");
            return Open(IommuMode.VfioType1V2);
        }
    }

    /// <summary>Memory of this process, mapped at a device address of its own choosing.</summary>
    /// <param name="bytes">A power of two, at least a page.</param>
    /// <param name="pageSize">0 for the machine's pages, or the size of huge pages to use: 2 MiB, 1 GiB. They must have been reserved.</param>
    /// <exception cref="VfioException">No memory, no huge pages, no device addresses, or more memory than may be locked.</exception>
    public DmaBuffer Allocate(ulong bytes, ulong pageSize = 0)
    {
        var memory = NewMemory(bytes, pageSize);
        try
        {
            return Map(memory, (_addresses ??= new IovaAllocator(AllowedRanges)).Allocate(bytes));
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>Maps memory at a device address. The buffer owns the memory from then on.</summary>
    /// <exception cref="VfioException">Part of the range is mapped already, or the kernel refuses it: not aligned to a page, outside the
    /// allowed ranges, more than may be locked.</exception>
    public DmaBuffer Map(SharedMapping memory, ulong iova)
    {
        ArgumentNullException.ThrowIfNull(memory);
        var range = IovaRange.Of(iova, memory.Length);
        foreach (var other in _mapped)
            if (other.Overlaps(range)) throw new VfioException($"Device addresses {range} cannot be mapped: {other} is mapped already");
        MapRange(memory, range);
        _mapped.Add(range);
        return new DmaBuffer(this, memory, iova);
    }

    /// <summary>Unmaps what was mapped as one range.</summary>
    /// <returns>Bytes unmapped.</returns>
    /// <exception cref="VfioException">It is not mapped, or the kernel refuses.</exception>
    public ulong Unmap(IovaRange range)
    {
        if (!_mapped.Contains(range))
            throw new VfioException($"Device addresses {range} are not a mapping; there {(_mapped.Count == 0 ? "is none" : $"is {string.Join(", ", _mapped)}")}");
        var bytes = UnmapRange(range);
        _mapped.Remove(range);
        return bytes;
    }

    /// <summary>Unmaps everything.</summary>
    /// <returns>Bytes unmapped.</returns>
    public ulong UnmapAll()
    {
        var bytes = UnmapEverything();
        _mapped.Clear();
        return bytes;
    }

    /// <summary>Closes it. What is mapped is unmapped, and locked memory unlocked, by the kernel.</summary>
    public virtual void Dispose() => GC.SuppressFinalize(this);

    internal void Release(DmaBuffer buffer)
    {
        var range = IovaRange.Of(buffer.Iova, buffer.Size);
        if (!IsClosed && _mapped.Contains(range)) Unmap(range);
    }

    private protected abstract bool IsClosed { get; }

    private protected abstract void MapRange(SharedMapping memory, IovaRange range);

    private protected abstract ulong UnmapRange(IovaRange range);

    private protected abstract ulong UnmapEverything();

    /// <summary>The kernel's refusal, in words that help.</summary>
    private protected static VfioException Refused(LinuxException cause, string what) => new($"{what}: {cause.Message}.{Advice(cause.Errno)}", cause);

    static string Advice(int errno) => errno switch
    {
        Errno.ENOMEM => " More memory would be locked than this process may lock: raise 'ulimit -l', or run as root.",
        Errno.EEXIST => " Something is mapped there already.",
        Errno.EINVAL => " Addresses and sizes must be multiples of the IOMMU's page size and lie in its allowed ranges.",
        Errno.ENOSPC => " The container has as many mappings as it may have (vfio_iommu_type1.dma_entry_limit).",
        _ => "",
    };

    static SharedMapping NewMemory(ulong bytes, ulong pageSize)
    {
        try
        {
            using var file = FileDescriptor.CreateMemory("dma", checked((long)bytes), (long)pageSize);
            return SharedMapping.Map(file, 0, bytes, writable: true);
        }
        catch (LinuxException none)
        {
            throw new VfioException(pageSize == 0
                ? $"There is no memory for a DMA buffer of 0x{bytes:x} bytes: {none.Message}."
                : $"There are no huge pages of {pageSize >> 20} MiB for a DMA buffer of 0x{bytes:x} bytes: {none.Message}. Reserve some in /sys/kernel/mm/hugepages/hugepages-{pageSize >> 10}kB/nr_hugepages, or by hugepagesz= and hugepages= on the kernel's command line.", none);
        }
    }
}
