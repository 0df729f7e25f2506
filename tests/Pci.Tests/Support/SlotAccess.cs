using System.Buffers.Binary;

namespace Understudy.Pci.Tests;

/// <summary>A slot as a driver's accessors see it.</summary>
static class SlotAccess
{
    public static ulong Read(this PciSlot slot, int bar, ulong offset, int bytes)
    {
        Span<byte> data = stackalloc byte[8];
        slot.Read(bar, offset, data[..bytes]);
        return BinaryPrimitives.ReadUInt64LittleEndian(data);
    }

    public static uint Read32(this PciSlot slot, int bar, ulong offset) => (uint)slot.Read(bar, offset, 4);

    public static uint Read16(this PciSlot slot, int bar, ulong offset) => (uint)slot.Read(bar, offset, 2);

    public static BusStatus Write(this PciSlot slot, int bar, ulong offset, ulong value, int bytes)
    {
        Span<byte> data = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(data, value);
        return slot.Write(bar, offset, data[..bytes]);
    }

    public static BusStatus Write32(this PciSlot slot, int bar, ulong offset, uint value) => slot.Write(bar, offset, value, 4);

    public static BusStatus Write16(this PciSlot slot, int bar, ulong offset, uint value) => slot.Write(bar, offset, value, 2);

    public static BusStatus Write8(this PciSlot slot, int bar, ulong offset, uint value) => slot.Write(bar, offset, value, 1);

    public static uint Config(this PciSlot slot, int offset, int bytes = 4)
    {
        Span<byte> data = stackalloc byte[4];
        data.Clear();
        slot.ReadConfig(offset, data[..bytes]);
        return BinaryPrimitives.ReadUInt32LittleEndian(data);
    }

    public static BusStatus SetConfig(this PciSlot slot, int offset, uint value, int bytes = 4)
    {
        Span<byte> data = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(data, value);
        return slot.WriteConfig(offset, data[..bytes]);
    }

    /// <summary>I/O space, memory space and bus mastering on, as pci_enable_device and pci_set_master leave them.</summary>
    public static T Enable<T>(this T slot, uint command = 7) where T : PciSlot
    {
        slot.SetConfig(0x04, command, 2);
        return slot;
    }

    /// <summary>The offset of a capability, found as Linux finds it: by walking the list.</summary>
    public static int Find(this PciSlot slot, byte id)
    {
        var left = 48;
        for (var at = (int)slot.Config(0x34, 1); at != 0; at = (int)slot.Config(at + 1, 1))
        {
            Assert.True(at >= 0x40 && (at & 3) == 0, $"capability pointer 0x{at:x}");
            Assert.True(left-- > 0, "the capability list does not end");
            if (slot.Config(at, 1) == id) return at;
        }
        return 0;
    }
}
