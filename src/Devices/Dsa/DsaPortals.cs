using System.Runtime.InteropServices;
using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>The portals of a <see cref="Dsa"/>: a descriptor is 64 bytes written to any slot of a page, in one piece (MOVDIR64B) or, where the
/// way to the device cuts it, in several. It counts once its last byte has come.</summary>
sealed class DsaPortals
{
    public const int PageBytes = 4096;
    const int PagesPerQueue = 4;
    readonly Dsa _card;
    readonly RegisterFile _registers;
    readonly ulong[] _written = new ulong[DsaRegisters.WorkQueues * PagesPerQueue * PageBytes / DsaDescriptor.Bytes];

    public DsaPortals(Dsa card, RegisterFile registers)
    {
        (_card, _registers) = (card, registers);
        registers.OnWrite(DsaRegisters.Portals.Pages, Written);
        Reset();
    }

    public void Reset()
    {
        _registers[DsaRegisters.Portals.Pages].Fill(0xFF);
        Array.Clear(_written);
    }

    void Written(int offset, int length)
    {
        while (length > 0)
        {
            var inSlot = offset % DsaDescriptor.Bytes;
            var piece = Math.Min(length, DsaDescriptor.Bytes - inSlot);
            Collect(offset / DsaDescriptor.Bytes, (piece == 64 ? ulong.MaxValue : (1UL << piece) - 1) << inSlot);
            offset += piece;
            length -= piece;
        }
    }

    void Collect(int slot, ulong bytes)
    {
        if ((_written[slot] & bytes) != 0)
        {
            _card.Find("dsa-torn-descriptor", $"bytes of a descriptor at 0x{slot * DsaDescriptor.Bytes:x} of the portals were written twice before the descriptor was whole");
            _written[slot] = 0;
        }
        _written[slot] |= bytes;
        if (_written[slot] != ulong.MaxValue) return;
        _written[slot] = 0;
        var held = _registers[DsaRegisters.Portals.Pages].Slice(slot * DsaDescriptor.Bytes, DsaDescriptor.Bytes);
        var descriptor = MemoryMarshal.Read<DsaDescriptor>(held);
        held.Fill(0xFF);
        var page = slot * DsaDescriptor.Bytes / PageBytes;
        _card.Submit(page / PagesPerQueue, new DsaWork(descriptor, ThroughIms: page % PagesPerQueue >= 2), limited: page % 2 == 1);
    }
}
