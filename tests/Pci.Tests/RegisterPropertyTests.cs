namespace Understudy.Pci.Tests;

/// <summary>Random maps under random accesses, against a model that knows nothing but bytes.</summary>
public class RegisterPropertyTests
{
    const int Size = 192;

    sealed class Bytes(int size)
    {
        readonly byte[] _held = new byte[size], _rw = new byte[size], _w1c = new byte[size], _w1s = new byte[size], _rc = new byte[size], _hidden = new byte[size];
        readonly bool[] _known = new bool[size];

        public void Window(int offset, int length)
        {
            for (var i = offset; i < offset + length; i++) (_known[i], _rw[i]) = (true, 0xFF);
        }

        public void Registers(int at, RegisterMap map)
        {
            foreach (var register in map.Registers)
                for (var i = 0; i < register.Bytes; i++)
                {
                    _known[at + register.Offset + i] = true;
                    _held[at + register.Offset + i] = (byte)(register.Reset >> (8 * i));
                    foreach (var field in register.Fields) Field(at + register.Offset + i, (byte)(field.Mask >> (8 * i)), field.Access);
                }
        }

        void Field(int at, byte mask, Access access)
        {
            if (access is Access.ReadWrite or Access.WriteOnly or Access.NotModelled) _rw[at] |= mask;
            if (access is Access.WriteOnly or Access.Pulse) _hidden[at] |= mask;
            if (access == Access.WriteOneToClear) _w1c[at] |= mask;
            if (access == Access.WriteOneToSet) _w1s[at] |= mask;
            if (access == Access.ReadToClear) _rc[at] |= mask;
        }

        public bool Read(int offset, Span<byte> data)
        {
            var known = true;
            for (var i = 0; i < data.Length; i++)
            {
                var at = offset + i;
                data[i] = 0;
                if (at >= Size || !_known[at]) known = false;
                if (at >= Size) continue;
                data[i] = (byte)(_held[at] & ~_hidden[at]);
                _held[at] &= (byte)~_rc[at];
            }
            return known;
        }

        public bool Write(int offset, ReadOnlySpan<byte> data)
        {
            var known = true;
            for (var i = 0; i < data.Length; i++)
            {
                var at = offset + i;
                if (at >= Size || !_known[at]) known = false;
                if (at >= Size) continue;
                var held = (_held[at] & ~_rw[at]) | (data[i] & _rw[at]);
                _held[at] = (byte)((held & ~(data[i] & _w1c[at])) | (data[i] & _w1s[at]));
            }
            return known;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(20260)]
    public void Every_access_does_what_it_would_do_byte_by_byte(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 60; round++)
        {
            var (file, bytes) = Make(random);
            byte[] seen = new byte[16], expected = new byte[16];
            for (var i = 0; i < 400; i++)
            {
                var offset = random.Next(Size + 8);
                var length = random.Next(8) == 0 ? random.Next(1, 17) : 1 << random.Next(4);
                if (random.Next(2) == 0)
                {
                    Assert.Equal(bytes.Read(offset, expected.AsSpan(0, length)), file.Read(offset, seen.AsSpan(0, length)));
                    Assert.True(seen.AsSpan(0, length).SequenceEqual(expected.AsSpan(0, length)), $"seed {seed} round {round} access {i}: {length} bytes at 0x{offset:x}");
                }
                else
                {
                    var data = new byte[length];
                    random.NextBytes(data);
                    Assert.Equal(bytes.Write(offset, data), file.Write(offset, data));
                }
            }
        }
    }

    static (RegisterFile File, Bytes Bytes) Make(Random random)
    {
        var bytes = new Bytes(Size);
        var map = new RegisterMap("Random", Size);
        var inner = new RegisterMap("Inner", 12);
        Fill(inner, random);
        for (var at = random.Next(4); at < Size;)
        {
            var size = random.Next(8) switch { 0 => 12, 1 => random.Next(1, 20), _ => 1 << random.Next(4) };
            if (at + size > Size) break;
            if (size == 12)
            {
                map.Include(at, inner, $"Block{at}");
                bytes.Registers(at, inner);
            }
            else if (size is 1 or 2 or 4 or 8)
            {
                Declare(map, at, size, random);
            }
            else
            {
                map.Memory(at, size, $"Window{at}");
                bytes.Window(at, size);
            }
            at += size + (random.Next(3) == 0 ? random.Next(5) : 0);
        }
        bytes.Registers(0, map);
        return (new RegisterFile(map), bytes);
    }

    static void Fill(RegisterMap map, Random random)
    {
        Declare(map, 0, 4, random);
        Declare(map, 5, 2, random);
        Declare(map, 8, 1, random);
    }

    static void Declare(RegisterMap map, int at, int size, Random random)
    {
        var reset = (ulong)random.NextInt64() & (size == 8 ? ulong.MaxValue : (1UL << (8 * size)) - 1);
        var name = $"R{at}";
        var register = size switch { 1 => map.R8(at, reset, name), 2 => map.R16(at, reset, name), 4 => map.R32(at, reset, name), _ => map.R64(at, reset, name) };
        for (var low = random.Next(3); low < size * 8;)
        {
            var high = Math.Min(size * 8 - 1, low + random.Next(size * 4));
            Field(register, high, low, random.Next(8));
            low = high + 1 + random.Next(3);
        }
    }

    static void Field(Register register, int high, int low, int kind)
    {
        var name = $"F{low}";
        switch (kind)
        {
            case 0: register.Ro(high, low, name); break;
            case 1: register.W1c(high, low, name); break;
            case 2: register.W1s(low, name); break;
            case 3: register.Rc(high, low, name); break;
            case 4: register.Wo(high, low, name); break;
            case 5: register.Pulse(low, name); break;
            case 6: register.Todo(high, low, name); break;
            default: register.Rw(high, low, name); break;
        }
    }
}
