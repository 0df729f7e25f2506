using System.Buffers.Binary;
using Understudy.Linux;
using Understudy.Transports.Serving;

namespace Understudy.Transports.VhostUserPci;

/// <summary>The memory a guest shares with us, by its physical addresses, which are also its bus addresses. What lies below, a User Mode
/// Linux kernel's own text and data for instance, is not shared: DMA there is refused. Changed and used by models under the bus's lock.</summary>
sealed class GuestMemory
{
    public const int MostRegions = 8;

    Region[] _regions = [];

    /// <summary>Nothing is shared.</summary>
    public bool IsEmpty => _regions.Length == 0;

    /// <summary>Shares these instead of what was shared before.</summary>
    /// <exception cref="ProtocolException">A file is not what it should be, or cannot be mapped.</exception>
    public void Replace(ReadOnlySpan<MemoryRegion> regions, List<FileDescriptor> files)
    {
        if (regions.Length != files.Count) throw new ProtocolException($"a memory table of {regions.Length} regions came with {files.Count} files");
        Clear();
        var mapped = new List<Region>();
        try
        {
            for (var i = 0; i < regions.Length; i++) mapped.Add(Map(regions[i], files[i]));
        }
        finally
        {
            _regions = [.. mapped];
        }
    }

    public void Clear()
    {
        foreach (var region in _regions) region.Mapping.Dispose();
        _regions = [];
    }

    static Region Map(in MemoryRegion region, FileDescriptor file)
    {
        var facts = file.Facts();
        if (!facts.IsRegular) throw new ProtocolException("a region's memory is not a file");
        if (region.Size == 0 || region.Offset > facts.Length || region.Size > facts.Length - region.Offset)
            throw new ProtocolException($"a region of 0x{region.Size:x} bytes at 0x{region.Offset:x} is not in its file, which has 0x{facts.Length:x}");
        if (region.GuestAddress > ulong.MaxValue - region.Size || region.UserAddress > ulong.MaxValue - region.Size)
            throw new ProtocolException($"a region of 0x{region.Size:x} bytes at 0x{region.GuestAddress:x} wraps around the end of the address space");
        try
        {
            return new Region(region, SharedMapping.Map(file, region.Offset, region.Size, writable: true));
        }
        catch (LinuxException refused)
        {
            throw new ProtocolException($"a region cannot be mapped: {refused.Message}");
        }
    }

    /// <summary>Copies out; false when part of the range is not shared.</summary>
    public bool Read(ulong address, Span<byte> destination)
    {
        if (Find(address, destination.Length) is not { } region) return false;
        region.Mapping.Read(address - region.Facts.GuestAddress, destination);
        return true;
    }

    /// <summary>Copies in; false when part of the range is not shared.</summary>
    public bool Write(ulong address, ReadOnlySpan<byte> source)
    {
        if (Find(address, source.Length) is not { } region) return false;
        region.Mapping.Write(address - region.Facts.GuestAddress, source);
        return true;
    }

    public ushort Read16(ulong address)
    {
        Span<byte> data = stackalloc byte[2];
        return Read(address, data) ? BinaryPrimitives.ReadUInt16LittleEndian(data) : throw Outside(address);
    }

    public void Write16(ulong address, ushort value)
    {
        Span<byte> data = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(data, value);
        if (!Write(address, data)) throw Outside(address);
    }

    /// <summary>What the front end calls an address of its own, as the guest's physical address.</summary>
    /// <exception cref="ProtocolException">It is in no region.</exception>
    public ulong GuestAddressOf(ulong user, ulong length)
    {
        foreach (var region in _regions)
            if (user >= region.Facts.UserAddress && user - region.Facts.UserAddress <= region.Facts.Size && length <= region.Facts.Size - (user - region.Facts.UserAddress))
                return user - region.Facts.UserAddress + region.Facts.GuestAddress;
        throw Outside(user);
    }

    public static ProtocolException Outside(ulong address) => new($"0x{address:x} is not in the memory the guest shares");

    Region? Find(ulong address, int length)
    {
        foreach (var region in _regions)
        {
            var offset = address - region.Facts.GuestAddress;
            if (address >= region.Facts.GuestAddress && offset <= region.Facts.Size && (ulong)length <= region.Facts.Size - offset) return region;
        }
        return null;
    }

    sealed class Region(MemoryRegion facts, SharedMapping mapping)
    {
        public MemoryRegion Facts { get; } = facts;

        public SharedMapping Mapping { get; } = mapping;
    }
}
