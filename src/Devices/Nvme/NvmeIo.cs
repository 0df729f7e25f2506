using System.Buffers.Binary;

namespace Understudy.Devices;

/// <summary>The NVM command set: what a namespace is told over an I/O queue (NVM Express Base 1.4, 6).</summary>
sealed class NvmeIo(Nvme nvme)
{
    const uint Deallocate = 1u << 2;        // Dataset Management, dword 11
    const int RangeBytes = 16;
    readonly byte[] _buffer = new byte[PrpTransfer.MostBytes];
    readonly byte[] _compared = new byte[PrpTransfer.MostBytes];
    readonly PrpTransfer _prp = new(nvme);

    /// <summary>Carries a command out.</summary>
    /// <param name="command">What the driver wrote.</param>
    /// <param name="bytes">How much it moved.</param>
    public NvmeStatus Execute(in NvmeCommand command, out long bytes)
    {
        bytes = 0;
        if (!command.IsPlain) return NvmeStatus.InvalidField;
        if (command.Opcode == IoOpcode.Flush) return Flush(command.Nsid);
        if (command.Opcode is not (IoOpcode.Write or IoOpcode.Read or IoOpcode.Compare or IoOpcode.WriteZeroes or IoOpcode.DatasetManagement))
            return NvmeStatus.InvalidOpcode;
        if (nvme.Attached(command.Nsid) is not { } space) return NvmeStatus.InvalidNamespace;
        if (command.Opcode == IoOpcode.DatasetManagement) return DatasetManagement(space, command);
        if (!Holds(space, command.StartingBlock, (uint)command.BlockCount)) return NvmeStatus.LbaOutOfRange;
        if (command.Opcode == IoOpcode.WriteZeroes) return WriteZeroes(space, command);
        bytes = (long)command.BlockCount << space.BlockBits;
        if (bytes <= PrpTransfer.MostBytes) return Move(space, command, (int)bytes);
        bytes = 0;
        return NvmeStatus.InvalidField;
    }

    NvmeStatus Move(NvmeNamespace space, in NvmeCommand command, int bytes)
    {
        var at = (long)command.StartingBlock << space.BlockBits;
        var data = _buffer.AsSpan(0, bytes);
        return command.Opcode switch
        {
            IoOpcode.Read => Read(space, command, at, data),
            IoOpcode.Write => Write(space, command, at, data),
            _ => Compare(space, command, at, data),
        };
    }

    NvmeStatus Read(NvmeNamespace space, in NvmeCommand command, long at, Span<byte> data)
    {
        if (!space.Media.Read(at, data)) return MediaError(NvmeStatus.UnrecoveredReadError);
        var status = _prp.ToHost(command, data);
        if (status == NvmeStatus.Success) nvme.Health.Read(data.Length);
        return status;
    }

    NvmeStatus Write(NvmeNamespace space, in NvmeCommand command, long at, Span<byte> data)
    {
        var status = _prp.FromHost(command, data);
        if (status != NvmeStatus.Success) return status;
        if (!space.Media.Write(at, data)) return MediaError(NvmeStatus.WriteFault);
        if ((!nvme.Features.WriteCache || (command.Dword12 >> 30 & 1) != 0) && !space.Media.Flush()) return MediaError(NvmeStatus.WriteFault);
        space.BlocksWritten += command.BlockCount;
        nvme.Health.Written(data.Length);
        return NvmeStatus.Success;
    }

    NvmeStatus Compare(NvmeNamespace space, in NvmeCommand command, long at, Span<byte> data)
    {
        var status = _prp.FromHost(command, data);
        if (status != NvmeStatus.Success) return status;
        var stored = _compared.AsSpan(0, data.Length);
        if (!space.Media.Read(at, stored)) return MediaError(NvmeStatus.UnrecoveredReadError);
        return stored.SequenceEqual(data) ? NvmeStatus.Success : NvmeStatus.CompareFailure;
    }

    NvmeStatus WriteZeroes(NvmeNamespace space, in NvmeCommand command)
    {
        if (!space.Media.Discard((long)command.StartingBlock << space.BlockBits, (long)command.BlockCount << space.BlockBits)) return MediaError(NvmeStatus.WriteFault);
        space.BlocksZeroed += command.BlockCount;
        return NvmeStatus.Success;
    }

    NvmeStatus DatasetManagement(NvmeNamespace space, in NvmeCommand command)
    {
        var ranges = _buffer.AsSpan(0, ((int)(command.Dword10 & 0xFF) + 1) * RangeBytes);
        var status = _prp.FromHost(command, ranges);
        if (status != NvmeStatus.Success) return status;
        for (var at = 0; at < ranges.Length; at += RangeBytes)
            if (!Holds(space, FirstOf(ranges[at..]), CountOf(ranges[at..]))) return NvmeStatus.LbaOutOfRange;
        if ((command.Dword11 & Deallocate) == 0) return NvmeStatus.Success;
        // Ranges that overlap could make one command cost 256 namespaces; deallocation is advice, and what is past the first is not taken.
        var left = (ulong)space.Blocks;
        for (var at = 0; at < ranges.Length && CountOf(ranges[at..]) <= left; at += RangeBytes)
        {
            left -= CountOf(ranges[at..]);
            if (!space.Media.Discard((long)FirstOf(ranges[at..]) << space.BlockBits, (long)CountOf(ranges[at..]) << space.BlockBits)) return MediaError(NvmeStatus.WriteFault);
            space.BlocksDeallocated += CountOf(ranges[at..]);
        }
        return NvmeStatus.Success;

        static uint CountOf(ReadOnlySpan<byte> range) => BinaryPrimitives.ReadUInt32LittleEndian(range[4..]);
        static ulong FirstOf(ReadOnlySpan<byte> range) => BinaryPrimitives.ReadUInt64LittleEndian(range[8..]);
    }

    NvmeStatus Flush(uint nsid)
    {
        if (nsid != NvmeCommand.AllNamespaces) return nvme.Attached(nsid) is not { } one ? NvmeStatus.InvalidNamespace : FlushOne(one);
        foreach (var space in nvme.NamespaceArray)
            if (space.IsAttached && FlushOne(space) is not NvmeStatus.Success and var status) return status;
        return NvmeStatus.Success;
    }

    NvmeStatus FlushOne(NvmeNamespace space)
    {
        nvme.Flushes++;
        return space.Media.Flush() ? NvmeStatus.Success : MediaError(NvmeStatus.WriteFault);
    }

    NvmeStatus MediaError(NvmeStatus status)
    {
        nvme.Health.MediaErrors++;
        return status;
    }

    static bool Holds(NvmeNamespace space, ulong first, uint count) => first <= (ulong)space.Blocks && count <= (ulong)space.Blocks - first;
}
