using System.Buffers.Binary;

namespace Understudy.Transports.Tests;

/// <summary>Makes messages that look right, then damages some of them.</summary>
sealed class FuzzMessages(Random random)
{
    static readonly ulong[] Corners = [0, 1, 4, 0xFFF, 0x1000, 0x3FFF, 0x4000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x1_0000_0000, 1UL << 63, ulong.MaxValue - 0xFFF, ulong.MaxValue];
    readonly byte[] _body = new byte[80_000];
    int _length;

    /// <summary>The next message's command and body; the header is the caller's.</summary>
    public ReadOnlySpan<byte> Next(out ushort command)
    {
        _length = 0;
        command = Choose();
        Damage();
        return _body.AsSpan(0, _length);
    }

    ushort Choose()
    {
        switch (random.Next(100))
        {
            case < 30: Access(read: true); return 9;
            case < 55: Access(read: false); return 10;
            case < 62: WriteMulti(); return 15;
            case < 72: MapMemory(); return 2;
            case < 78: UnmapMemory(); return 3;
            case < 88: Irqs(); return 8;
            case < 90: U32(16).U32(0).U32(Index(12)).U32(0); return 7;
            case < 92: U32(random.Next(4) == 0 ? Any32() : 32).U32(0).U32(Index(12)).U32(0).U64(0).U64(0); return 5;
            case < 93: U32(16).U32(0).U32(0).U32(0); return 4;
            case < 95: return 13;
            case < 96: Noise(random.Next(64)); return 1;
            default: Noise(random.Next(random.Next(8) == 0 ? 5000 : 100)); return (ushort)random.Next(random.Next(2) == 0 ? 24 : 65536);
        }
    }

    void Damage()
    {
        switch (random.Next(12))
        {
            case 0: _length = random.Next(_length + 1); break;
            case 1: Noise(random.Next(32)); break;
            case 2 when _length > 0: _body[random.Next(_length)] ^= (byte)(1 << random.Next(8)); break;
            case 3 when _length >= 8: BinaryPrimitives.WriteUInt64LittleEndian(_body.AsSpan(random.Next(_length - 7)), Any64()); break;
        }
    }

    void Access(bool read)
    {
        if (!read && random.Next(8) == 0)
        {
            U64(4).U32(7).U32(1);       // a driver that turns everything on, or the rest never gets further than the slot
            _body[_length++] = 7;
            return;
        }
        var region = random.Next(10) < 6 ? 0u : random.Next(2) == 0 ? 7u : Index(3);
        var count = random.Next(50) == 0 ? (uint)random.Next(0x4800) : 1u << random.Next(4);
        U64(Offset(region)).U32(region).U32(count);
        if (!read) Noise((int)count);
    }

    ulong Offset(uint region)
    {
        if (random.Next(20) == 0) return Any64();
        if (region != 0) return (ulong)random.Next(region == 1 ? 16 : random.Next(2) == 0 ? 0x100 : 4096);
        var offset = (ulong)random.Next(random.Next(3) == 0 ? 0x4000 : 0x24) & ~3UL;
        return offset == ProbeDevice.BoomAt && random.Next(20) != 0 ? 0 : offset;
    }

    void WriteMulti()
    {
        var count = random.Next(20) == 0 ? 200 : random.Next(6);
        U64((ulong)count);
        for (var i = 0; i < count; i++) U64(Offset(0)).U32(random.Next(30) == 0 ? Index(10) : 0).U32(1u << random.Next(random.Next(40) == 0 ? 8 : 4)).U64(Any64());
    }

    void MapMemory() => U32(32).U32((uint)random.Next(4)).U64((ulong)random.Next(8) << 12).U64(Address()).U64(Size());

    void UnmapMemory() => U32(24).U32(random.Next(10) == 0 ? (uint)random.Next(4) : 0).U64(Address()).U64(random.Next(4) == 0 ? Any64() : Size());

    void Irqs()
    {
        uint[] flags = [0x24, 0x24, 0x21, 0x22, 0x11, 0x12, 0x09, 0x14, Any32() & 0x3F];
        var count = (uint)random.Next(random.Next(10) == 0 ? 300 : 3);
        U32(20).U32(flags[random.Next(flags.Length)]).U32(Index(6)).U32(random.Next(8) == 0 ? Any32() : (uint)random.Next(8)).U32(random.Next(20) == 0 ? Any32() : count);
        Noise((int)count);
    }

    ulong Address() => random.Next(10) == 0 ? Any64() : (ulong)random.Next(64) << 12;

    ulong Size() => random.Next(10) == 0 ? Any64() : (ulong)random.Next(5) << 12;

    uint Index(int count) => random.Next(30) == 0 ? Any32() : (uint)random.Next(count);

    ulong Any64() => random.Next(2) == 0 ? Corners[random.Next(Corners.Length)] : (ulong)random.NextInt64() << random.Next(2);

    uint Any32() => (uint)Any64();

    void Noise(int count)
    {
        random.NextBytes(_body.AsSpan(_length, count));
        _length += count;
    }

    FuzzMessages U32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_body.AsSpan(_length), value);
        _length += 4;
        return this;
    }

    FuzzMessages U64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_body.AsSpan(_length), value);
        _length += 8;
        return this;
    }
}
