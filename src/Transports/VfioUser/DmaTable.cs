using Understudy.Linux;
using Understudy.Pci;

namespace Understudy.Transports.VfioUser;

/// <summary>How a DMA access to the machine's memory ended.</summary>
enum DmaResult
{
    Done,
    Unmapped,
    Forbidden,
    Unshared,
}

/// <summary>The machine's memory as far as it has let the device see it. Everything here happens under the bus's lock: that is what makes
/// an unmap wait for copies in flight.</summary>
sealed class DmaTable(bool acceptUnsealed)
{
    /// <summary>What the server tells the client: QEMU takes no server that says more.</summary>
    public const int AgreedMaps = 65535;

    /// <summary>What there may be: QEMU does not count, and maps page by page where the guest does. Two GiB of 4 KiB pages.</summary>
    public const int MostMaps = 1 << 19;

    readonly RangeSet<DmaRange> _ranges = [];
    readonly SharedFiles _files = new(acceptUnsealed);
    DmaRange? _last;

    public int Count => _ranges.Count;

    /// <summary>Adds a range.</summary>
    /// <param name="request">Where, and where in the file.</param>
    /// <param name="descriptor">The file, or null for memory reached by messages only.</param>
    /// <param name="refusal">Why not, in words, where the number does not say enough.</param>
    /// <returns>0, or the error number for the client.</returns>
    public int Map(in DmaMapRequest request, FileDescriptor? descriptor, out string refusal)
    {
        refusal = "";
        var last = request.Address + (request.Size - 1);
        if (request.Size == 0 || last < request.Address) return Errno.EINVAL;
        if (_ranges.Count == MostMaps) return Errno.ENOSPC;
        if (_ranges.TryFind(request.Address, last, out _)) return Errno.EEXIST;
        var writable = (request.Flags & DmaMapRequest.Writable) != 0;
        SharedFile? file = null;
        if (descriptor is not null)
        {
            file = _files.Acquire(descriptor, request.Offset, request.Size, writable, out refusal);
            if (file is null) return Errno.EINVAL;
        }
        _ranges.TryAdd(new DmaRange(request.Address, last, (request.Flags & DmaMapRequest.Readable) != 0, writable, file, request.Offset));
        return 0;
    }

    /// <summary>Removes every range inside this one, which may cover nothing. A range it would cut in two stays, and nothing is removed.</summary>
    /// <returns>0, or the error number for the client.</returns>
    public int Unmap(in DmaUnmapRequest request)
    {
        if ((request.Flags & DmaUnmapRequest.DirtyBitmap) != 0) return Errno.ENOTSUP;
        if ((request.Flags & DmaUnmapRequest.All) != 0)
        {
            Clear();
            return 0;
        }
        var last = request.Address + (request.Size - 1);
        if (request.Size == 0 || last < request.Address) return Errno.EINVAL;
        if (_ranges.TryFind(request.Address, out var low) && low.First < request.Address) return Errno.EINVAL;
        if (_ranges.TryFind(last, out var high) && high.Last > last) return Errno.EINVAL;
        _last = null;
        while (_ranges.TryFind(request.Address, last, out var range))
        {
            _ranges.Remove(range.First);
            Release(range);
        }
        return 0;
    }

    public void Clear()
    {
        _last = null;
        foreach (var range in _ranges) Release(range);
        _ranges.Clear();
    }

    public DmaResult Read(ulong address, Span<byte> destination)
    {
        if (destination.IsEmpty) return DmaResult.Done;
        var result = Check(address, destination.Length, write: false);
        if (result != DmaResult.Done) return result;
        while (!destination.IsEmpty)
        {
            var range = At(address)!;
            var part = destination[..range.Reach(address, destination.Length)];
            range.File!.Mapping.Read(range.InFile(address), part);
            destination = destination[part.Length..];
            address += (ulong)part.Length;
        }
        return DmaResult.Done;
    }

    public DmaResult Write(ulong address, ReadOnlySpan<byte> source)
    {
        if (source.IsEmpty) return DmaResult.Done;
        var result = Check(address, source.Length, write: true);
        if (result != DmaResult.Done) return result;
        while (!source.IsEmpty)
        {
            var range = At(address)!;
            var part = source[..range.Reach(address, source.Length)];
            range.File!.Mapping.Write(range.InFile(address), part);
            source = source[part.Length..];
            address += (ulong)part.Length;
        }
        return DmaResult.Done;
    }

    /// <summary>Whether all of a range can be copied, before any of it is. One part that only messages reach makes it so for the whole.</summary>
    public DmaResult Check(ulong address, int length, bool write)
    {
        var result = DmaResult.Done;
        while (length > 0)
        {
            if (At(address) is not { } range) return DmaResult.Unmapped;
            if (!(write ? range.Writable : range.Readable)) return DmaResult.Forbidden;
            if (range.File is null) result = DmaResult.Unshared;
            var reach = range.Reach(address, length);
            length -= reach;
            address += (ulong)reach;
            if (length > 0 && address == 0) return DmaResult.Unmapped;
        }
        return result;
    }

    DmaRange? At(ulong address)
    {
        if (_last is { } last && last.First <= address && address <= last.Last) return last;
        return _ranges.TryFind(address, out var range) ? _last = range : null;
    }

    void Release(DmaRange range)
    {
        if (range.File is { } file) _files.Release(file);
    }
}

/// <summary>One DMA_MAP: bus addresses from <paramref name="First"/> to <paramref name="Last"/>, both inside.</summary>
sealed record DmaRange(ulong First, ulong Last, bool Readable, bool Writable, SharedFile? File, ulong Offset) : IAddressRange
{
    public ulong InFile(ulong address) => Offset + (address - First);

    /// <summary>How many of <paramref name="length"/> bytes from an address inside are inside.</summary>
    public int Reach(ulong address, int length) => Last - address >= (ulong)length ? length : (int)(Last - address + 1);
}
