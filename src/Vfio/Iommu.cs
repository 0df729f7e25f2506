using Understudy.Linux;
using Understudy.Pci;

namespace Understudy.Vfio;

/// <summary>A space of device addresses: what is mapped here is what the devices opened on it can reach. One container, or one IOAS of an
/// iommufd, or the table of a model; devices may share it. Not for use from several threads at once.</summary>
public abstract class Iommu : IDisposable
{
    const int MostNamed = 8;
    readonly RangeSet<IovaRange> _mapped = [];
    IovaAllocator? _addresses;

    private protected Iommu(IommuMode mode) => Mode = mode;

    /// <summary>How it is asked for.</summary>
    public IommuMode Mode { get; }

    /// <summary>What is mapped now, in order of address.</summary>
    public IReadOnlyCollection<IovaRange> Mapped => _mapped;

    /// <summary>The device addresses that may be mapped, in order. A container knows them once a device is in it.</summary>
    /// <exception cref="VfioException">The kernel would not tell.</exception>
    public abstract IReadOnlyList<IovaRange> AllowedRanges { get; }

    /// <summary>How many mappings there may still be, where that is limited: a container of <c>/dev/vfio/vfio</c> has
    /// <c>vfio_iommu_type1.dma_entry_limit</c> of them, 65,535 unless told, once a device is in it. Null where nothing limits them but memory.</summary>
    /// <exception cref="VfioException">The kernel would not tell.</exception>
    public virtual long? MappingsLeft => null;

    /// <summary>Opens one.</summary>
    /// <exception cref="VfioException">The kernel does not have that interface, or this process may not use it; the message says which
    /// and what to do.</exception>
    public static Iommu Open(IommuMode mode = IommuMode.Iommufd) => mode switch
    {
        IommuMode.Iommufd => new IommufdIommu(),
        IommuMode.Model => new ModelIommu(),
        IommuMode.NoIommu => new NoIommu(),
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
    /// <param name="bytes">A power of two, at least a page. Without an IOMMU the buffer has a huge page, however few are asked for.</param>
    /// <param name="pageSize">0 for the machine's pages, or the size of huge pages to use: 2 MiB, 1 GiB. They must have been reserved.</param>
    /// <exception cref="VfioException">No memory, no huge pages, no device addresses, or more memory than may be locked.</exception>
    public DmaBuffer Allocate(ulong bytes, ulong pageSize = 0) => NewBuffer(bytes, pageSize);

    private protected virtual DmaBuffer NewBuffer(ulong bytes, ulong pageSize)
    {
        var memory = NewMemory(bytes, pageSize);
        try
        {
            return Map(memory, NewAddress(bytes));
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
        if (_mapped.TryFind(range.First, range.Last, out var other)) throw new VfioException($"Device addresses {range} cannot be mapped: {other} is mapped already");
        MapRange(memory, range.First, memory.Length);
        _mapped.TryAdd(range);
        return new DmaBuffer(this, memory, iova);
    }

    /// <summary>Memory that devices reach already.</summary>
    private protected DmaBuffer Adopt(SharedMapping memory, ulong iova)
    {
        var range = IovaRange.Of(iova, memory.Length);
        _mapped.TryAdd(range);
        return new DmaBuffer(this, memory, iova);
    }

    /// <summary>Notes from now on which pages devices write: what live migration and checkpoints need.</summary>
    /// <exception cref="VfioException">The IOMMU, or the kernel's interface to it, cannot; the message says which.</exception>
    public DirtyTracking TrackDirty() => new(this);

    internal abstract void SetDirtyTracking(bool on);

    /// <summary>Sets the bits of the pages of a mapping that were written, and forgets them. The kernel is told where the bitmap lies.</summary>
    internal abstract void TakeDirty(IovaRange range, ulong page, ulong[] bitmap, ulong address);

    /// <summary>Maps a device's own BAR, so that another device reaches it directly. Containers of <c>/dev/vfio/vfio</c> do that; an iommufd
    /// refuses.</summary>
    /// <returns>Where; unmap it with <see cref="Unmap"/>.</returns>
    /// <exception cref="VfioException">The kernel refuses, or the BAR is not memory that can be mapped.</exception>
    public IovaRange MapBar(VfioDevice device, int bar)
    {
        ArgumentNullException.ThrowIfNull(device);
        var memory = device.BarMemory(bar) ?? throw new VfioException($"{device.Name}: BAR {bar} is not memory that can be mapped");
        var range = IovaRange.Of(NewAddress(memory.Length), memory.Length);
        MapRange(memory, range.First, memory.Length);
        _mapped.TryAdd(range);
        return range;
    }

    /// <summary>Asks the kernel for a mapping as it is, however wrong: for finding out what it refuses.</summary>
    internal void MapUnchecked(SharedMapping memory, ulong iova, ulong bytes) => MapRange(memory, iova, bytes);

    /// <summary>Asks the kernel to unmap, however wrong.</summary>
    internal ulong UnmapUnchecked(ulong iova, ulong bytes) => UnmapRange(iova, bytes);

    internal ulong NewAddress(ulong bytes) => (_addresses ??= new IovaAllocator(AllowedRanges)).Allocate(bytes);

    /// <summary>Unmaps what was mapped as one range.</summary>
    /// <returns>Bytes unmapped.</returns>
    /// <exception cref="VfioException">It is not mapped, or the kernel refuses.</exception>
    public ulong Unmap(IovaRange range)
    {
        if (!IsMapped(range)) throw new VfioException($"Device addresses {range} are not a mapping; there {(_mapped.Count == 0 ? "is none" : $"is {string.Join(", ", _mapped.Take(MostNamed))}{(_mapped.Count > MostNamed ? $" and {_mapped.Count - MostNamed} more" : "")}")}");
        var bytes = UnmapRange(range.First, range.Last - range.First + 1);
        _mapped.Remove(range.First);
        return bytes;
    }

    bool IsMapped(IovaRange range) => _mapped.TryFind(range.First, out var mapping) && mapping == range;

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
        if (!IsClosed && IsMapped(range)) Unmap(range);
    }

    private protected abstract bool IsClosed { get; }

    private protected abstract void MapRange(SharedMapping memory, ulong iova, ulong bytes);

    private protected abstract ulong UnmapRange(ulong iova, ulong bytes);

    private protected abstract ulong UnmapEverything();

    private protected static void Try(string what, Func<int> call)
    {
        try
        {
            call();
        }
        catch (LinuxException refused)
        {
            throw Refused(refused, what);
        }
    }

    /// <summary>The kernel's refusal, in words that help.</summary>
    internal static VfioException Refused(LinuxException cause, string what, string? advice = null) => new($"{what}: {cause.Message}.{advice ?? Advice(cause.Errno)}", cause);

    static string Advice(int errno) => errno switch
    {
        Errno.ENOMEM => " More memory would be locked than this process may lock: raise 'ulimit -l', or run as root.",
        Errno.EEXIST => " Something is mapped there already.",
        Errno.EINVAL => " Addresses and sizes must be multiples of the IOMMU's page size and lie in its allowed ranges.",
        _ => "",
    };

    internal static SharedMapping NewMemory(ulong bytes, ulong pageSize)
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
