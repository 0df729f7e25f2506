using System.Runtime.CompilerServices;

namespace Understudy.Pci;

/// <summary>One register of a <see cref="RegisterMap"/>. Its field declarations fold into a few masks when the map is built, so that a
/// write costs the same for 1 or 32 fields. Bits no field declares are reserved: they hold their reset value.</summary>
public sealed class Register
{
    readonly List<FieldInfo> _fields = [];

    internal Register(RegisterMap map, int index, string name, int offset, int bytes, ulong reset)
    {
        (Map, Index, Name, Offset, Bytes, Reset) = (map, index, name, offset, bytes, reset);
        AllBits = bytes == 8 ? ulong.MaxValue : (1UL << (bytes * 8)) - 1;
        if ((reset & ~AllBits) != 0)
            throw new ArgumentOutOfRangeException(nameof(reset), $"{map.Name}.{name}: reset value 0x{reset:x} does not fit in {bytes * 8} bits");
    }

    /// <summary>The block it belongs to.</summary>
    public RegisterMap Map { get; }

    /// <summary>The datasheet's name.</summary>
    public string Name { get; }

    /// <summary>Byte offset in the block.</summary>
    public int Offset { get; }

    /// <summary>Width: 1, 2, 4 or 8.</summary>
    public int Bytes { get; }

    /// <summary>Value after reset.</summary>
    public ulong Reset { get; }

    /// <summary>Its fields, in order of declaration.</summary>
    public IReadOnlyList<FieldInfo> Fields => _fields;

    /// <summary>Bits that writing a one clears: what a read-modify-write must not write back.</summary>
    public ulong ClearedByOne { get; private set; }

    internal int Index { get; }
    internal ulong AllBits { get; }
    internal ulong Writable { get; private set; }
    internal ulong SetByOne { get; private set; }
    internal ulong ClearedByRead { get; private set; }
    internal ulong Hidden { get; private set; }
    internal ulong NotModelled { get; private set; }
    internal ulong Declared { get; private set; }

    /// <summary>Some bit of it does something, or stores something, when the bus writes it.</summary>
    internal bool TakesWrites => (Writable | ClearedByOne | SetByOne | Hidden) != 0;

    /// <summary>Makes the whole register read/write, as one field of its own name.</summary>
    public Register ReadWrite()
    {
        Add(Bytes * 8 - 1, 0, Access.ReadWrite, Name);
        return this;
    }

    /// <summary>Marks the whole register as documented but not modelled: it stores, and the first write is a finding.</summary>
    public Register Todo()
    {
        Add(Bytes * 8 - 1, 0, Access.NotModelled, Name);
        return this;
    }

    /// <summary>A read/write bit.</summary>
    public Flag Rw(int bit, [CallerMemberName] string name = "") => AddFlag(bit, Access.ReadWrite, name);

    /// <summary>A read-only bit.</summary>
    public Flag Ro(int bit, [CallerMemberName] string name = "") => AddFlag(bit, Access.ReadOnly, name);

    /// <summary>A bit that writing a one clears.</summary>
    public Flag W1c(int bit, [CallerMemberName] string name = "") => AddFlag(bit, Access.WriteOneToClear, name);

    /// <summary>A bit that writing a one sets.</summary>
    public Flag W1s(int bit, [CallerMemberName] string name = "") => AddFlag(bit, Access.WriteOneToSet, name);

    /// <summary>A bit that reading clears.</summary>
    public Flag Rc(int bit, [CallerMemberName] string name = "") => AddFlag(bit, Access.ReadToClear, name);

    /// <summary>A bit that stores but reads as zero.</summary>
    public Flag Wo(int bit, [CallerMemberName] string name = "") => AddFlag(bit, Access.WriteOnly, name);

    /// <summary>A bit that starts something when written as one, and never stores.</summary>
    public Flag Pulse(int bit, [CallerMemberName] string name = "") => AddFlag(bit, Access.Pulse, name);

    /// <summary>A read/write field.</summary>
    public Bits Rw(int high, int low, [CallerMemberName] string name = "") => Add(high, low, Access.ReadWrite, name);

    /// <summary>A read-only field.</summary>
    public Bits Ro(int high, int low, [CallerMemberName] string name = "") => Add(high, low, Access.ReadOnly, name);

    /// <summary>A field whose bits writing ones clears.</summary>
    public Bits W1c(int high, int low, [CallerMemberName] string name = "") => Add(high, low, Access.WriteOneToClear, name);

    /// <summary>A field that reading clears.</summary>
    public Bits Rc(int high, int low, [CallerMemberName] string name = "") => Add(high, low, Access.ReadToClear, name);

    /// <summary>A field that stores but reads as zero.</summary>
    public Bits Wo(int high, int low, [CallerMemberName] string name = "") => Add(high, low, Access.WriteOnly, name);

    /// <summary>A field that the datasheet documents and the model only stores; writing it is a finding, once.</summary>
    public Bits Todo(int high, int low, [CallerMemberName] string name = "") => Add(high, low, Access.NotModelled, name);

    /// <summary>A read/write field whose values have names.</summary>
    public Field<TEnum> Rw<TEnum>(int high, int low, [CallerMemberName] string name = "") where TEnum : struct, Enum
        => new(Add(high, low, Access.ReadWrite, name, ValueNames<TEnum>()));

    /// <summary>A read-only field whose values have names.</summary>
    public Field<TEnum> Ro<TEnum>(int high, int low, [CallerMemberName] string name = "") where TEnum : struct, Enum
        => new(Add(high, low, Access.ReadOnly, name, ValueNames<TEnum>()));

    /// <summary><c>BLOCK.Register</c>.</summary>
    public override string ToString() => $"{Map.Name}.{Name}";

    internal Bits Add(int high, int low, Access access, string name, IReadOnlyDictionary<ulong, string>? valueNames = null)
    {
        Map.MustBeIncomplete(Name);
        if (low < 0 || high < low || high >= Bytes * 8)
            throw new ArgumentOutOfRangeException(nameof(high), $"{this}: {name}[{high}:{low}] does not fit in {Bytes * 8} bits");
        var mask = (high - low == 63 ? ulong.MaxValue : (1UL << (high - low + 1)) - 1) << low;
        foreach (var other in _fields)
            if ((other.Mask & mask) != 0) throw new ArgumentException($"{this}: {name}[{high}:{low}] overlaps {other.Name}", nameof(high));
        _fields.Add(new FieldInfo(name, mask, low, access, valueNames));
        Declared |= mask;
        Fold(mask, access);
        return new Bits(this, mask, low);
    }

    Flag AddFlag(int bit, Access access, string name) => new(this, Add(bit, bit, access, name).Mask);

    void Fold(ulong mask, Access access)
    {
        switch (access)
        {
            case Access.ReadWrite: Writable |= mask; break;
            case Access.WriteOnly: Writable |= mask; Hidden |= mask; break;
            case Access.WriteOneToClear: ClearedByOne |= mask; break;
            case Access.WriteOneToSet: SetByOne |= mask; break;
            case Access.ReadToClear: ClearedByRead |= mask; break;
            case Access.NotModelled: Writable |= mask; NotModelled |= mask; break;
            case Access.Pulse: Hidden |= mask; break;
        }
    }

    static Dictionary<ulong, string> ValueNames<TEnum>() where TEnum : struct, Enum
    {
        var names = new Dictionary<ulong, string>();
        foreach (var value in Enum.GetValues<TEnum>()) names[Field<TEnum>.Encode(value)] = value.ToString();
        return names;
    }
}
