using Understudy.Linux;

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

    readonly List<DmaRange> _ranges = [];   // by address, never overlapping
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
        var index = IndexOf(request.Address);
        if ((index >= 0 && _ranges[index].Last >= request.Address) || (index + 1 < _ranges.Count && _ranges[index + 1].First <= last)) return Errno.EEXIST;
        var writable = (request.Flags & DmaMapRequest.Writable) != 0;
        SharedFile? file = null;
        if (descriptor is not null)
        {
            file = _files.Acquire(descriptor, request.Offset, request.Size, writable, out refusal);
            if (file is null) return Errno.EINVAL;
        }
        _ranges.Insert(index + 1, new DmaRange(request.Address, last, (request.Flags & DmaMapRequest.Readable) != 0, writable, file, request.Offset));
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
        var from = IndexOf(request.Address);
        if (from >= 0 && _ranges[from].First < request.Address && _ranges[from].Last >= request.Address) return Errno.EINVAL;
        if (from < 0 || _ranges[from].First < request.Address) from++;
        var to = IndexOf(last);
        if (to >= from && _ranges[to].Last > last) return Errno.EINVAL;
        Remove(from, to - from + 1);
        return 0;
    }

    public void Clear() => Remove(0, _ranges.Count);

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
        var index = IndexOf(address);
        return index >= 0 && address <= _ranges[index].Last ? _last = _ranges[index] : null;
    }

    /// <summary>The last range that starts at or before the address, or -1.</summary>
    int IndexOf(ulong address)
    {
        var (low, high) = (0, _ranges.Count);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_ranges[middle].First <= address) low = middle + 1;
            else high = middle;
        }
        return low - 1;
    }

    void Remove(int index, int count)
    {
        _last = null;
        for (var i = index; i < index + count; i++)
            if (_ranges[i].File is { } file) _files.Release(file);
        if (count > 0) _ranges.RemoveRange(index, count);
    }
}

/// <summary>One DMA_MAP: bus addresses from <paramref name="First"/> to <paramref name="Last"/>, both inside.</summary>
sealed record DmaRange(ulong First, ulong Last, bool Readable, bool Writable, SharedFile? File, ulong Offset)
{
    public ulong InFile(ulong address) => Offset + (address - First);

    /// <summary>How many of <paramref name="length"/> bytes from an address inside are inside.</summary>
    public int Reach(ulong address, int length) => Last - address >= (ulong)length ? length : (int)(Last - address + 1);
}
