using System.Runtime.InteropServices;

namespace Understudy.Devices;

/// <summary>Copies between a buffer and host memory that a command describes by physical region pages (NVM Express Base 1.4, 4.3): PRP entries,
/// and lists of them that continue in other pages. The number of steps is bounded by the bytes to move, whatever the lists hold.</summary>
sealed class PrpTransfer(Nvme nvme)
{
    /// <summary>The most one command may move.</summary>
    public const int MostBytes = 128 * 1024;

    const int MostPages = MostBytes / 4096 + 1;
    readonly ulong[] _pages = new ulong[MostPages];
    int _count;

    public NvmeStatus FromHost(in NvmeCommand command, Span<byte> data)
    {
        var status = Walk(command.Prp1, command.Prp2, data.Length);
        if (status != NvmeStatus.Success) return status;
        var done = 0;
        for (var i = 0; i < _count; i++)
        {
            var length = Math.Min(data.Length - done, LeftInPage(_pages[i]));
            if (!nvme.Memory.Read(_pages[i], data.Slice(done, length))) return NvmeStatus.DataTransferError;
            done += length;
        }
        return NvmeStatus.Success;
    }

    public NvmeStatus ToHost(in NvmeCommand command, ReadOnlySpan<byte> data)
    {
        var status = Walk(command.Prp1, command.Prp2, data.Length);
        if (status != NvmeStatus.Success) return status;
        var done = 0;
        for (var i = 0; i < _count; i++)
        {
            var length = Math.Min(data.Length - done, LeftInPage(_pages[i]));
            if (!nvme.Memory.Write(_pages[i], data.Slice(done, length))) return NvmeStatus.DataTransferError;
            done += length;
        }
        return NvmeStatus.Success;
    }

    int LeftInPage(ulong address) => nvme.PageSize - (int)(address & (ulong)(nvme.PageSize - 1));

    NvmeStatus Walk(ulong prp1, ulong prp2, int length)
    {
        _count = 0;
        if (length == 0) return NvmeStatus.Success;
        if ((prp1 & 3) != 0) return Misplaced("PRP entry 1 is not a multiple of 4");
        _pages[_count++] = prp1;
        var left = length - LeftInPage(prp1);
        if (left <= 0) return NvmeStatus.Success;
        if (left > nvme.PageSize) return WalkList(prp2, (left + nvme.PageSize - 1) / nvme.PageSize);
        if (LeftInPage(prp2) != nvme.PageSize) return Misplaced("PRP entry 2 does not begin a page");
        _pages[_count++] = prp2;
        return NvmeStatus.Success;
    }

    // The first list may begin anywhere in its page, those it leads to at theirs' beginning: each but the first has room for many entries.
    NvmeStatus WalkList(ulong list, int pages)
    {
        if ((list & 7) != 0) return Misplaced("a PRP list is not a multiple of 8");
        while (true)
        {
            var room = LeftInPage(list) / 8;
            var here = pages > room ? room - 1 : pages;
            var entries = _pages.AsSpan(_count, here);
            if (here > 0 && !nvme.Memory.Read(list, MemoryMarshal.AsBytes(entries))) return NvmeStatus.DataTransferError;
            foreach (var entry in entries)
                if (LeftInPage(entry) != nvme.PageSize) return Misplaced("an entry of a PRP list does not begin a page");
            _count += here;
            if ((pages -= here) == 0) return NvmeStatus.Success;
            if (!nvme.Memory.Read(list + (ulong)here * 8, out list)) return NvmeStatus.DataTransferError;
            if (LeftInPage(list) != nvme.PageSize) return Misplaced("a PRP list continues where no page begins");
        }
    }

    NvmeStatus Misplaced(string text)
    {
        nvme.Find("prp-misplaced", text);
        return NvmeStatus.PrpOffsetInvalid;
    }
}
