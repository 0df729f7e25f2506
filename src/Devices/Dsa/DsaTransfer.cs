using System.Numerics;
using System.Runtime.InteropServices;

namespace Understudy.Devices;

/// <summary>The data of one descriptor: moved, filled, compared or summed in large pieces, and after one that could not be read or written in
/// pieces that lie in one page, so that the fault has its address.</summary>
sealed class DsaTransfer(Dsa card)
{
    const uint SliceBytes = 1 << 16, PageBytes = 4096;
    readonly byte[] _first = new byte[SliceBytes], _second = new byte[SliceBytes];
    DsaDescriptor _descriptor;
    DsaCompletion _completion;
    uint _crc;
    bool _seeded, _downwards, _byPage;

    public ref readonly DsaCompletion Completion => ref _completion;

    /// <summary>How long the next slice takes.</summary>
    public long NextNanoseconds => Nanoseconds(_descriptor.Size - _completion.Completed);

    /// <summary>How long the first slice of so many bytes takes, at least one nanosecond.</summary>
    public static long Nanoseconds(uint bytes) => 1 + Math.Min(bytes, SliceBytes) / Dsa.BytesPerNanosecond;

    public void Begin(in DsaDescriptor descriptor)
    {
        (_descriptor, _completion, _seeded) = (descriptor, default, false);
        // A destination that starts inside the source is filled from its end, or it would overwrite what is still to be read.
        _downwards = descriptor.Operation == DsaOperation.Move && descriptor.Destination - descriptor.Source - 1 < descriptor.Size - 1UL;
        // What a failed write has left of its own source cannot be read again.
        _byPage = descriptor.Overlaps(descriptor.Source, descriptor.Destination);
    }

    /// <summary>Does a slice. True once it is over, one way or another; the completion says which.</summary>
    public bool Advance()
    {
        if (!_descriptor.MovesData || _descriptor.Operation == DsaOperation.CacheFlush) return Succeed();
        if (HasCrc && !_seeded && !Seed()) return true;
        for (uint moved = 0; moved < SliceBytes && _completion.Completed < _descriptor.Size;)
        {
            var length = PieceBytes();
            if (Piece(_downwards ? _descriptor.Size - _completion.Completed - length : _completion.Completed, length))
            {
                _completion.Completed += length;
                moved += length;
            }
            else if (_byPage || _completion.Status != DsaStatus.PageFault) return true;
            else (_byPage, _completion.StatusByte) = (true, 0);
        }
        return _completion.Completed == _descriptor.Size && Succeed();
    }

    bool HasCrc => _descriptor.Operation is DsaOperation.Crc or DsaOperation.CopyWithCrc;

    bool HasSource => _descriptor.Operation != DsaOperation.Fill;

    bool HasDestination => _descriptor.Operation is not (DsaOperation.Crc or DsaOperation.ComparePattern);

    uint PieceBytes()
    {
        var length = Math.Min(_descriptor.Size - _completion.Completed, SliceBytes);
        if (!_byPage) return length;
        if (HasSource) length = Math.Min(length, InPage(_descriptor.Source));
        if (HasDestination) length = Math.Min(length, InPage(_descriptor.Destination));
        return Math.Min(length, PageBytes);
    }

    uint InPage(ulong address)
        => _downwards
            ? (uint)((address + _descriptor.Size - _completion.Completed - 1) & (PageBytes - 1)) + 1
            : PageBytes - (uint)((address + _completion.Completed) & (PageBytes - 1));

    // False when it is over early.
    bool Piece(uint at, uint length)
    {
        var data = _first.AsSpan(0, (int)length);
        if (HasSource && !Read(_descriptor.Source + at, data)) return false;
        switch (_descriptor.Operation)
        {
            case DsaOperation.Fill:
                Repeat(_descriptor.Source, at, _first);
                return Write(_descriptor.Destination + at, data);
            case DsaOperation.Compare:
                return Read(_descriptor.Destination + at, _second.AsSpan(0, (int)length)) && Same(data);
            case DsaOperation.ComparePattern:
                Repeat(_descriptor.Destination, at, _second);
                return Same(data);
            case DsaOperation.Crc:
                _crc = Sum(_crc, data);
                return true;
            case DsaOperation.CopyWithCrc:
                if (!Write(_descriptor.Destination + at, data)) return false;
                _crc = Sum(_crc, data);
                return true;
            case DsaOperation.Dualcast:
                return Write(_descriptor.Destination + at, data) && Write(_descriptor.Operand + at, data);
            default:
                return Write(_descriptor.Destination + at, data);
        }
    }

    bool Same(ReadOnlySpan<byte> data)
    {
        var same = data.CommonPrefixLength(_second.AsSpan(0, data.Length));
        if (same == data.Length) return true;
        _completion.Completed += (uint)same;
        _completion.Result = 1;
        Succeed();
        return false;
    }

    bool Seed()
    {
        _seeded = true;
        _crc = (uint)_descriptor.Operand;
        if (_descriptor.Is(DsaDescriptor.ReadSeed) && !Read(_descriptor.SeedAddress, MemoryMarshal.AsBytes(new Span<uint>(ref _crc)))) return false;
        _crc = Inverted;
        return true;
    }

    uint Inverted => _descriptor.Is(DsaDescriptor.BypassInversion) ? _crc : ~_crc;

    bool Succeed()
    {
        var asExpected = !_descriptor.Is(DsaDescriptor.CheckResult) || _completion.Result == (_descriptor.Operand & 1);
        _completion.Status = asExpected ? DsaStatus.Success : DsaStatus.UnexpectedResult;
        if (HasCrc) _completion.Value = Inverted;
        return true;
    }

    bool Read(ulong address, Span<byte> data) => card.Read(address, data) || Fault(address, write: false);

    bool Write(ulong address, ReadOnlySpan<byte> data) => card.Write(address, data) || Fault(address, write: true);

    bool Fault(ulong address, bool write)
    {
        _completion.Fault(address, write);
        if (_downwards) _completion.Result = 1;
        if (HasCrc) _completion.Value = Inverted;
        return false;
    }

    static void Repeat(ulong pattern, uint at, Span<byte> target)
        => MemoryMarshal.Cast<byte, ulong>(target).Fill(BitOperations.RotateRight(pattern, (int)(at % 8) * 8));

    // CRC-32C, as iSCSI and NVMe have it.
    static uint Sum(uint crc, ReadOnlySpan<byte> data)
    {
        for (; data.Length >= 8; data = data[8..]) crc = BitOperations.Crc32C(crc, MemoryMarshal.Read<ulong>(data));
        foreach (var one in data) crc = BitOperations.Crc32C(crc, one);
        return crc;
    }
}
