namespace Understudy.Pci.Tests;

public class RegisterFileTests
{
    enum Mode
    {
        Idle,
        Run,
        Halt = 3,
    }

    enum Signed : sbyte
    {
        Minus = -1,
        Plus = 1,
    }

    static readonly RegisterMap Map = new("T", 256);
    static readonly Register Kinds = Map.R32(0x00, reset: 0xA5A5_0000);
    static readonly Bits Rw = Kinds.Rw(3, 0);
    static readonly Bits Ro = Kinds.Ro(7, 4);
    static readonly Bits W1c = Kinds.W1c(11, 8);
    static readonly Flag W1s = Kinds.W1s(12);
    static readonly Flag Rc = Kinds.Rc(13);
    static readonly Flag Wo = Kinds.Wo(14);
    static readonly Flag Start = Kinds.Pulse(15);
    static readonly Register Modes = Map.R16(0x10);
    static readonly Field<Mode> Current = Modes.Rw<Mode>(9, 8);
    static readonly Field<Signed> Sign = Modes.Rw<Signed>(7, 0);
    static readonly RegisterArray Ring = Map.Array(0x20, 4, bytes: 2, stride: 4, reset: 7).ReadWrite();
    static readonly MemoryWindow Ram = Map.Memory(0x40, 16);
    static readonly Register Wide = Map.R64(0x50, reset: ulong.MaxValue).ReadWrite();

    readonly RegisterFile _file = new(Map);

    uint Read(int offset = 0)
    {
        var data = new byte[4];
        Assert.True(_file.Read(offset, data));
        return BitConverter.ToUInt32(data);
    }

    void Write(uint value, int offset = 0) => Assert.True(_file.Write(offset, BitConverter.GetBytes(value)));

    [Fact]
    public void Read_write_bits_hold_what_was_written_and_reserved_bits_hold_their_reset_value()
    {
        Write(0xFFFF_FFFF & ~0x1000u);
        Assert.Equal(0xFu, _file[Rw]);
        Assert.Equal(0xA5A5_0000u, Read() & 0xFFFF_0000);
    }

    [Fact]
    public void Read_only_bits_change_only_from_the_device_side()
    {
        _file[Ro] = 0x9;
        Write(0);
        Assert.Equal(0x90u, Read() & 0xF0);
    }

    [Fact]
    public void Writing_ones_clears_and_writing_zeros_leaves()
    {
        _file[W1c] = 0xF;
        Write(0x500);
        Assert.Equal(0xAu, _file[W1c]);
        Assert.Equal(0xF00UL, Kinds.ClearedByOne);
    }

    [Fact]
    public void Writing_one_sets_and_writing_zero_leaves()
    {
        Write(1u << 12);
        Write(0);
        Assert.True(_file[W1s]);
    }

    [Fact]
    public void Reading_clears_and_the_read_still_sees_it()
    {
        _file[Rc] = true;
        Assert.NotEqual(0u, Read() & 1 << 13);
        Assert.Equal(0u, Read() & 1 << 13);
    }

    [Fact]
    public void A_read_of_other_bytes_does_not_clear()
    {
        _file[Rc] = true;
        _file.Read(0, new byte[1]);
        Assert.True(_file[Rc]);
        _file.Read(1, new byte[1]);
        Assert.False(_file[Rc]);
    }

    [Fact]
    public void Write_only_bits_store_and_read_as_zero()
    {
        Write(1u << 14);
        Assert.True(_file[Wo]);
        Assert.Equal(0u, Read() & 1 << 14);
    }

    [Fact]
    public void A_pulse_is_seen_by_the_hook_and_never_stored()
    {
        var pulses = 0;
        _file.OnWrite(Kinds, write => { if (write.Sets(Start)) pulses++; });
        Write(1u << 15);
        Write(0);
        Assert.Equal(1, pulses);
        Assert.False(_file[Start]);
    }

    [Fact]
    public void Enum_fields_read_and_write_by_name()
    {
        _file.Set(Current, Mode.Halt);
        Assert.Equal(Mode.Halt, _file.Get(Current));
        Assert.Equal(0x300UL, _file[Modes]);
        Assert.Equal("Halt", Modes.Fields[0].ValueNames![3]);
        _file.Set(Sign, Signed.Minus);
        Assert.Equal(0x3FFUL, _file[Modes]);
        Assert.Equal(Signed.Minus, _file.Get(Sign));
    }

    [Fact]
    public void Arrays_are_rows_of_equal_registers()
    {
        Assert.Equal(4, Ring.Count);
        Assert.Equal("T.Ring[2]", Ring[2].ToString());
        _file.Write(0x28, [0x34, 0x12]);
        Assert.Equal(0x1234UL, _file[Ring[2]]);
        Assert.Equal(7UL, _file[Ring[3]]);
    }

    [Fact]
    public void A_field_of_an_array_exists_in_every_element()
    {
        var map = new RegisterMap("A", 64);
        var fields = map.Array(0, 4, name: "Row").Field(3, 0, Access.ReadWrite, "Low");
        var file = new RegisterFile(map);
        file.Write(4, [0xFF, 0xFF, 0xFF, 0xFF]);
        Assert.Equal(0xFUL, file[fields[1]]);
        Assert.Equal(0UL, file[fields[0]]);
    }

    [Fact]
    public void The_same_map_included_twice_has_two_sets_of_values()
    {
        var channel = new RegisterMap("Channel", 16);
        var control = channel.R32(4, name: "Control").ReadWrite();
        var map = new RegisterMap("Engine", 64);
        var first = map.Include(0x10, channel, "First");
        var second = map.Include(0x20, channel, "Second");
        var file = new RegisterFile(map);

        file.Write(0x24, [1, 2, 3, 4]);
        Assert.Equal(0x04030201UL, file[second][control]);
        Assert.Equal(0UL, file[first][control]);
        Assert.Same(control, map.At(0x14));
        Assert.Null(map.At(0x18));
        file.Reset();
        Assert.Equal(0UL, file[second][control]);
    }

    [Fact]
    public void A_window_says_where_it_was_written()
    {
        var seen = new List<(int At, int Bytes, byte First)>();
        _file.OnWrite(Ram, (at, bytes) => seen.Add((at, bytes, _file[Ram][at])));
        Assert.True(_file.Write(0x42, [1, 2, 3]));
        Assert.True(_file.Write(0x4C, [4, 5, 6, 7]));
        _file.Write(0x4F, [8, 9]);                                      // only the first byte lies in it
        _file.Write(0x20, [0, 0]);
        Assert.Equal([(2, 3, (byte)1), (12, 4, (byte)4), (15, 1, (byte)8)], seen);
        Assert.Throws<ArgumentException>(() => _file.OnWrite(new RegisterMap("Other", 0x100).Memory(0x80, 4, "Foreign"), (_, _) => { }));
    }

    [Fact]
    public void Windows_are_memory_and_reset_clears_them()
    {
        _file.Write(0x43, [1, 2, 3]);
        Assert.Equal([0, 0, 0, 1, 2, 3, 0], _file[Ram][..7].ToArray());
        Assert.Equal(0x0302_01u, Read(0x43));
        _file.Reset();
        Assert.Equal(0u, Read(0x43));
    }

    [Fact]
    public void A_64_bit_register_is_written_whole_or_by_halves()
    {
        _file.Write(0x54, [1, 0, 0, 0]);
        Assert.Equal(0x0000_0001_FFFF_FFFFUL, _file[Wide]);
        _file.Write(0x50, new byte[8]);
        Assert.Equal(0UL, _file[Wide]);
    }

    [Fact]
    public void A_hook_sees_old_written_new_and_the_byte_lanes()
    {
        var seen = new List<RegisterWrite>();
        _file[W1c] = 0xF;
        _file.OnWrite(Kinds, seen.Add);
        _file.Write(1, [0x03]);
        var write = Assert.Single(seen);
        Assert.Equal(new RegisterWrite(0xA5A5_0F00, 0x300, 0xA5A5_0C00, 0xFF00), write);
        Assert.True(write.Covers(W1c));
        Assert.False(write.Covers(Rw));
        Assert.Equal(0xCUL, write[W1c]);
    }

    [Fact]
    public void Rising_and_falling_are_changes_not_levels()
    {
        var map = new RegisterMap("R", 4);
        var flag = map.R8(0, name: "Run").Rw(0);
        var file = new RegisterFile(map);
        var edges = "";
        file.OnWrite(flag.Register, write => edges += write.Rises(flag) ? "+" : write.Falls(flag) ? "-" : ".");
        foreach (byte value in (byte[])[0, 1, 1, 0]) file.Write(0, [value]);
        Assert.Equal(".+.-", edges);
    }

    [Fact]
    public void Hooks_add_up_in_order_and_a_provider_runs_once_a_read()
    {
        var order = "";
        _file.OnWrite(Modes, _ => order += "a").OnWrite(Modes, _ => order += "b");
        _file.Write(0x10, [1, 0]);
        Assert.Equal("ab", order);

        var asked = 0UL;
        _file.OnRead(Modes, () => ++asked);
        var data = new byte[8];
        _file.Read(0x10, data);
        Assert.Equal(1, data[0]);
        Assert.Equal(1UL, asked);
    }

    [Fact]
    public void A_read_between_the_registers_is_zero_and_not_known()
    {
        var data = new byte[] { 9, 9 };
        Assert.False(_file.Read(0x80, data));
        Assert.Equal([0, 0], data);
        Assert.False(_file.Write(0x80, data));
        Assert.False(_file.Read(int.MaxValue, new byte[8]));
        Assert.False(_file.Read(-3, new byte[2]));
    }

    [Fact]
    public void Another_maps_register_is_refused_not_mistaken()
    {
        var other = new RegisterMap("Other", 4).R32(0, name: "Alien");
        var error = Assert.Throws<ArgumentException>(() => _file[other]);
        Assert.Contains("Other.Alien", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => _file.OnWrite(other, _ => { }));
    }
}
