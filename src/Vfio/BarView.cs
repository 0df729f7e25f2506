using System.Runtime.InteropServices;
using Understudy.Pci;

namespace Understudy.Vfio;

/// <summary>The registers behind a BAR, from the driver's side, by the same map that the model has. Each access has its register's width
/// and crosses the bus; nothing is kept.</summary>
public sealed class BarView
{
    readonly IDeviceBacking _device;
    readonly int _bar;
    readonly ulong _start;
    readonly RegisterMap _map;

    internal BarView(IDeviceBacking device, int bar, ulong start, RegisterMap map) => (_device, _bar, _start, _map) = (device, bar, start, map);

    /// <summary>A register.</summary>
    public ulong this[Register register]
    {
        get
        {
            Span<byte> data = stackalloc byte[8];
            data.Clear();
            _device.ReadBar(_bar, At(register), data[..register.Bytes]);
            return MemoryMarshal.Read<ulong>(data);
        }
        set
        {
            Span<byte> data = stackalloc byte[8];
            MemoryMarshal.Write(data, value);
            _device.WriteBar(_bar, At(register), data[..register.Bytes]);
        }
    }

    /// <summary>A bit. Setting one reads and writes its register, and leaves alone every bit that writing a one would clear.</summary>
    public bool this[Flag flag]
    {
        get => (this[flag.Register] & flag.Mask) != 0;
        set => Modify(flag.Register, flag.Mask, value ? flag.Mask : 0);
    }

    /// <summary>A field, as a number. Setting it reads and writes its register, as a bit does.</summary>
    public ulong this[Bits bits]
    {
        get => (this[bits.Register] & bits.Mask) >> bits.Low;
        set => Modify(bits.Register, bits.Mask, value << bits.Low & bits.Mask);
    }

    /// <summary>Clears a bit that writing a one clears, and no other.</summary>
    public void Clear(Flag flag) => this[flag.Register] = this[flag.Register] & ~flag.Register.ClearedByOne | flag.Mask;

    /// <summary>The registers of an included block.</summary>
    public BarView Block(RegisterBlock block)
    {
        ArgumentNullException.ThrowIfNull(block);
        return new BarView(_device, _bar, _start + (ulong)block.Offset, block.Map);
    }

    /// <summary>Reads without a map.</summary>
    public void Read(ulong offset, Span<byte> destination) => _device.ReadBar(_bar, _start + offset, destination);

    /// <summary>Writes without a map.</summary>
    public void Write(ulong offset, ReadOnlySpan<byte> source) => _device.WriteBar(_bar, _start + offset, source);

    /// <summary>Writes 64 bytes at a multiple of 64 in one piece (MOVDIR64B), as portals want it. A processor that cannot writes eight of 8 bytes:
    /// enough for a device behind an emulator, which has no other way.</summary>
    public void Store64(ulong offset, ReadOnlySpan<byte> source) => _device.StoreBar(_bar, _start + offset, source);

    void Modify(Register register, ulong mask, ulong value) => this[register] = this[register] & ~mask & ~register.ClearedByOne | value;

    ulong At(Register register)
        => ReferenceEquals(register.Map, _map) ? _start + (ulong)register.Offset : throw new ArgumentException($"{register} is not a register of the block {_map.Name}", nameof(register));
}
