using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Understudy.Pci;

/// <summary>The live values of one <see cref="RegisterMap"/>, with the hooks that give it behaviour. Belongs to one device; touched only
/// under its bus's lock. The indexers are the device's own side: they see and set every bit, whatever the bus may do to it.</summary>
public sealed class RegisterFile
{
    readonly ulong[] _values;
    readonly Action<RegisterWrite>?[] _onWrite;
    readonly Func<ulong>?[] _onRead;
    readonly Action?[] _onCleared;
    readonly RegisterFile[] _blocks;
    readonly byte[][] _windows;
    readonly Action<int, int>?[] _onWindow;

    /// <summary>Registers at their reset values.</summary>
    public RegisterFile(RegisterMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        map.Complete();
        Map = map;
        _values = new ulong[map.Registers.Count];
        _onWrite = new Action<RegisterWrite>?[_values.Length];
        _onRead = new Func<ulong>?[_values.Length];
        _onCleared = new Action?[_values.Length];
        _blocks = [.. map.Blocks.Select(block => new RegisterFile(block.Map))];
        _windows = [.. map.Windows.Select(window => new byte[window.Size])];
        _onWindow = new Action<int, int>?[_windows.Length];
        ResetValues();
    }

    /// <summary>The map these are the values of.</summary>
    public RegisterMap Map { get; }

    /// <summary>A whole register.</summary>
    public ulong this[Register register]
    {
        get => Held(register);
        set => Held(register) = value & register.AllBits;
    }

    /// <summary>One bit.</summary>
    public bool this[Flag flag]
    {
        get => (Held(flag.Register) & flag.Mask) != 0;
        set { ref var held = ref Held(flag.Register); held = value ? held | flag.Mask : held & ~flag.Mask; }
    }

    /// <summary>A field, as a number.</summary>
    public ulong this[Bits bits]
    {
        get => (Held(bits.Register) & bits.Mask) >> bits.Low;
        set { ref var held = ref Held(bits.Register); held = (held & ~bits.Mask) | ((value << bits.Low) & bits.Mask); }
    }

    /// <summary>The values of an included block.</summary>
    public RegisterFile this[RegisterBlock block] => _blocks[block.Index];

    /// <summary>The bytes of a memory window.</summary>
    public Span<byte> this[MemoryWindow window] => _windows[window.Index];

    /// <summary>A field by its named value.</summary>
    public TEnum Get<TEnum>(Field<TEnum> field) where TEnum : struct, Enum => Field<TEnum>.Decode(this[field.Bits]);

    /// <summary>Sets a field by its named value.</summary>
    public void Set<TEnum>(Field<TEnum> field, TEnum value) where TEnum : struct, Enum => this[field.Bits] = Field<TEnum>.Encode(value);

    /// <summary>Calls <paramref name="hook"/> after every bus write that touches the register. Hooks add up, in order.</summary>
    public RegisterFile OnWrite(Register register, Action<RegisterWrite> hook)
    {
        Held(register);
        _onWrite[register.Index] += hook;
        return this;
    }

    /// <summary>Calls <paramref name="hook"/> after every bus write into the window, with where in it and how many bytes were written: for
    /// doorbells and portals, whose addresses say more than their contents.</summary>
    public RegisterFile OnWrite(MemoryWindow window, Action<int, int> hook)
    {
        ArgumentNullException.ThrowIfNull(window);
        if (!ReferenceEquals(Map.WindowAt(window.Offset), window)) throw new ArgumentException($"{window.Name} is not a window of the block {Map.Name} itself", nameof(window));
        _onWindow[window.Index] += hook;
        return this;
    }

    /// <summary>Asks <paramref name="provider"/> for the value before every bus read of the register.</summary>
    public RegisterFile OnRead(Register register, Func<ulong> provider)
    {
        Held(register);
        _onRead[register.Index] = provider;
        return this;
    }

    /// <summary>Calls <paramref name="hook"/> after every bus read that cleared a bit of the register.</summary>
    public RegisterFile OnCleared(Register register, Action hook)
    {
        Held(register);
        _onCleared[register.Index] += hook;
        return this;
    }

    /// <summary>The model acts on writes of this register.</summary>
    internal bool HasWriteHook(Register register) => _onWrite[register.Index] is not null;

    /// <summary>Puts every register back to its reset value and clears memory windows. Hooks do not run.</summary>
    public void Reset()
    {
        ResetValues();
        foreach (var window in _windows) Array.Clear(window);
        foreach (var block in _blocks) block.Reset();
    }

    /// <summary>A bus read of any size and alignment. Bytes nothing owns read as zero.</summary>
    /// <returns>False when part of the access met nothing the datasheet documents.</returns>
    public bool Read(int offset, Span<byte> data)
    {
        var register = Map.OwnAt(offset);
        if (register is not null && register.Offset == offset && register.Bytes == data.Length)
        {
            Store(data, ReadRegister(register, register.AllBits));
            return true;
        }
        return ReadPieces(offset, data);
    }

    /// <summary>A bus write of any size and alignment; a register partly covered sees only its enabled bytes.</summary>
    /// <returns>False when part of the access met nothing the datasheet documents.</returns>
    public bool Write(int offset, ReadOnlySpan<byte> data)
    {
        var register = Map.OwnAt(offset);
        if (register is not null && register.Offset == offset && register.Bytes == data.Length)
        {
            WriteRegister(register, Load(data), register.AllBits);
            return true;
        }
        return WritePieces(offset, data);
    }

    bool ReadPieces(int offset, Span<byte> data)
    {
        var known = true;
        data.Clear();
        for (var i = 0; i < data.Length;)
        {
            var at = offset + i;
            if (Map.OwnAt(at) is { } register)
            {
                var lane = at - register.Offset;
                var lanes = Math.Min(register.Bytes - lane, data.Length - i);
                var value = ReadRegister(register, Lanes(lane, lanes)) >> (8 * lane);
                for (var end = i + lanes; i < end; i++, value >>= 8) data[i] = (byte)value;
            }
            else if (Map.WindowAt(at) is { } window)
            {
                var length = Math.Min(window.Offset + window.Size - at, data.Length - i);
                _windows[window.Index].AsSpan(at - window.Offset, length).CopyTo(data[i..]);
                i += length;
            }
            else if (Map.BlockAt(at) is { } block)
            {
                var length = Math.Min(block.Offset + block.Map.Size - at, data.Length - i);
                known &= _blocks[block.Index].Read(at - block.Offset, data.Slice(i, length));
                i += length;
            }
            else
            {
                known = false;
                i++;
            }
        }
        return known;
    }

    bool WritePieces(int offset, ReadOnlySpan<byte> data)
    {
        var known = true;
        for (var i = 0; i < data.Length;)
        {
            var at = offset + i;
            if (Map.OwnAt(at) is { } register)
            {
                var lane = at - register.Offset;
                var lanes = Math.Min(register.Bytes - lane, data.Length - i);
                ulong value = 0;
                for (var byteLane = lane; byteLane < lane + lanes; byteLane++, i++) value |= (ulong)data[i] << (8 * byteLane);
                WriteRegister(register, value, Lanes(lane, lanes));
            }
            else if (Map.WindowAt(at) is { } window)
            {
                var length = Math.Min(window.Offset + window.Size - at, data.Length - i);
                data.Slice(i, length).CopyTo(_windows[window.Index].AsSpan(at - window.Offset));
                _onWindow[window.Index]?.Invoke(at - window.Offset, length);
                i += length;
            }
            else if (Map.BlockAt(at) is { } block)
            {
                var length = Math.Min(block.Offset + block.Map.Size - at, data.Length - i);
                known &= _blocks[block.Index].Write(at - block.Offset, data.Slice(i, length));
                i += length;
            }
            else
            {
                known = false;
                i++;
            }
        }
        return known;
    }

    ulong ReadRegister(Register register, ulong enabled)
    {
        ref var held = ref _values[register.Index];
        if (_onRead[register.Index] is { } provider) held = provider() & register.AllBits;
        var seen = held & ~register.Hidden;
        if ((held & register.ClearedByRead & enabled) is not 0 and var cleared)
        {
            held &= ~cleared;
            _onCleared[register.Index]?.Invoke();
        }
        return seen;
    }

    void WriteRegister(Register register, ulong written, ulong enabled)
    {
        ref var held = ref _values[register.Index];
        var old = held;
        var writable = register.Writable & enabled;
        held = (((old & ~writable) | (written & writable)) & ~(written & register.ClearedByOne)) | (written & register.SetByOne);
        if ((register.NotModelled & (old ^ held)) != 0) NotModelled?.Invoke(register);
        _onWrite[register.Index]?.Invoke(new RegisterWrite(old, written, held, enabled));
    }

    /// <summary>Told of every change of a bit that is documented but not modelled.</summary>
    internal Action<Register>? NotModelled
    {
        get;
        set
        {
            field = value;
            foreach (var block in _blocks) block.NotModelled = value;
        }
    }

    void ResetValues()
    {
        foreach (var register in Map.Registers) _values[register.Index] = register.Reset;
    }

    // Another map's register would silently be somebody else's value.
    ref ulong Held(Register register)
    {
        if (!ReferenceEquals(register.Map, Map)) ThrowForeign(register);
        return ref _values[register.Index];
    }

    [DoesNotReturn]
    void ThrowForeign(Register register) => throw new ArgumentException($"{register} is not a register of the block {Map.Name} itself", nameof(register));

    static ulong Lanes(int first, int count) => (count == 8 ? ulong.MaxValue : (1UL << (8 * count)) - 1) << (8 * first);

    static void Store(Span<byte> to, ulong value)
    {
        switch (to.Length)
        {
            case 1: to[0] = (byte)value; break;
            case 2: BinaryPrimitives.WriteUInt16LittleEndian(to, (ushort)value); break;
            case 4: BinaryPrimitives.WriteUInt32LittleEndian(to, (uint)value); break;
            default: BinaryPrimitives.WriteUInt64LittleEndian(to, value); break;
        }
    }

    static ulong Load(ReadOnlySpan<byte> from) => from.Length switch
    {
        1 => from[0],
        2 => BinaryPrimitives.ReadUInt16LittleEndian(from),
        4 => BinaryPrimitives.ReadUInt32LittleEndian(from),
        _ => BinaryPrimitives.ReadUInt64LittleEndian(from),
    };
}
