using System.Runtime.CompilerServices;

namespace Understudy.Pci;

/// <summary>What a datasheet says about one block of registers: offsets, widths, fields, access, reset values.
/// Declared once in static fields, immutable from then on and shared by every instance: models, trace decoder, fault rules, checks and
/// user-space drivers read the same map. Declaring an overlap, or something outside the block, throws at once; so does declaring anything once the map has values or is part
/// of another map.</summary>
public sealed class RegisterMap
{
    const int PageBits = 10, PageSize = 1 << PageBits;

    readonly List<Register> _registers = [];
    readonly List<MemoryWindow> _windows = [];
    readonly List<RegisterBlock> _blocks = [];
    readonly short[]?[] _registerAtByte;
    bool _complete;

    /// <summary>An empty block.</summary>
    /// <param name="name">The datasheet's name of the block; decoders print it before each register's.</param>
    /// <param name="size">Bytes the block covers.</param>
    public RegisterMap(string name, int size)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        (Name, Size) = (name, size);
        _registerAtByte = new short[]?[((size - 1) >> PageBits) + 1];
    }

    /// <summary>The datasheet's name of the block.</summary>
    public string Name { get; }

    /// <summary>Bytes the block covers.</summary>
    public int Size { get; }

    /// <summary>Every register, in order of declaration.</summary>
    public IReadOnlyList<Register> Registers => _registers;

    /// <summary>Stretches that behave as plain memory.</summary>
    public IReadOnlyList<MemoryWindow> Windows => _windows;

    /// <summary>Blocks included from other maps.</summary>
    public IReadOnlyList<RegisterBlock> Blocks => _blocks;

    /// <summary>Declares an 8-bit register; its name is that of the field it is assigned to.</summary>
    public Register R8(int offset, ulong reset = 0, [CallerMemberName] string name = "") => Add(offset, 1, reset, name);

    /// <summary>Declares a 16-bit register.</summary>
    public Register R16(int offset, ulong reset = 0, [CallerMemberName] string name = "") => Add(offset, 2, reset, name);

    /// <summary>Declares a 32-bit register.</summary>
    public Register R32(int offset, ulong reset = 0, [CallerMemberName] string name = "") => Add(offset, 4, reset, name);

    /// <summary>Declares a 64-bit register.</summary>
    public Register R64(int offset, ulong reset = 0, [CallerMemberName] string name = "") => Add(offset, 8, reset, name);

    /// <summary>Declares <paramref name="count"/> registers of <paramref name="bytes"/> bytes, <paramref name="stride"/> bytes apart
    /// (0: packed), named <c>Name[0]</c>, <c>Name[1]</c> …</summary>
    public RegisterArray Array(int offset, int count, int bytes = 4, int stride = 0, ulong reset = 0, [CallerMemberName] string name = "")
    {
        if (bytes is not (1 or 2 or 4 or 8)) throw new ArgumentOutOfRangeException(nameof(bytes), $"{Name}.{name}: registers are 1, 2, 4 or 8 bytes wide, not {bytes}");
        var elements = new Register[count];
        for (var i = 0; i < count; i++) elements[i] = Add(offset + i * (stride == 0 ? bytes : stride), bytes, reset, $"{name}[{i}]");
        return new RegisterArray(elements);
    }

    /// <summary>Places another map inside this one. The same map may be included several times; each has its own values.</summary>
    public RegisterBlock Include(int offset, RegisterMap map, [CallerMemberName] string name = "")
    {
        ArgumentNullException.ThrowIfNull(map);
        map.Complete();
        var block = new RegisterBlock(_blocks.Count, name, offset, map);
        Claim(offset, map.Size, name);
        _blocks.Add(block);
        return block;
    }

    /// <summary>Declares a stretch of plain memory: reads give back what was written, zero before that.</summary>
    public MemoryWindow Memory(int offset, int size, [CallerMemberName] string name = "")
    {
        var window = new MemoryWindow(_windows.Count, name, offset, size);
        Claim(offset, size, name);
        _windows.Add(window);
        return window;
    }

    /// <summary>The register of this map that owns a byte, looking into included blocks; null where the datasheet is silent.</summary>
    /// <param name="offset">Byte offset in this block.</param>
    public Register? At(int offset)
    {
        if (OwnAt(offset) is { } own) return own;
        return BlockAt(offset) is { } block ? block.Map.At(offset - block.Offset) : null;
    }

    internal Register? OwnAt(int offset)
    {
        if ((uint)offset >= (uint)Size || _registerAtByte[offset >> PageBits] is not { } page) return null;
        var index = page[offset & (PageSize - 1)];
        return index == 0 ? null : _registers[index - 1];
    }

    internal RegisterBlock? BlockAt(int offset)
    {
        foreach (var block in _blocks)
            if ((uint)(offset - block.Offset) < (uint)block.Map.Size) return block;
        return null;
    }

    internal MemoryWindow? WindowAt(int offset)
    {
        foreach (var window in _windows)
            if ((uint)(offset - window.Offset) < (uint)window.Size) return window;
        return null;
    }

    Register Add(int offset, int bytes, ulong reset, string name)
    {
        Claim(offset, bytes, name);
        if (_registers.Count == short.MaxValue) throw new InvalidOperationException($"{Name}: a block holds at most {short.MaxValue} registers");
        var register = new Register(this, _registers.Count, name, offset, bytes, reset);
        _registers.Add(register);
        for (var i = offset; i < offset + bytes; i++)
            (_registerAtByte[i >> PageBits] ??= new short[PageSize])[i & (PageSize - 1)] = (short)_registers.Count;
        return register;
    }

    /// <summary>Nothing may be declared from here on: somebody has built upon what is there.</summary>
    internal void Complete() => _complete = true;

    internal void MustBeIncomplete(string name)
    {
        if (_complete) throw new InvalidOperationException($"{Name}.{name} is declared too late: the map is in use");
    }

    /// <summary>The register that owns a byte, where it starts in this map, and its name from here: <c>MAP.Block.Register</c>.</summary>
    internal (Register Register, int Start, string Path)? Locate(int offset, string? prefix = null)
    {
        prefix ??= Name;
        if (OwnAt(offset) is { } own) return (own, own.Offset, $"{prefix}.{own.Name}");
        if (BlockAt(offset) is not { } block || block.Map.Locate(offset - block.Offset, $"{prefix}.{block.Name}") is not { } inner) return null;
        return inner with { Start = inner.Start + block.Offset };
    }

    /// <summary>Every register, those of included blocks too, as <see cref="Locate"/> gives them.</summary>
    internal IEnumerable<(Register Register, int Start, string Path)> Everything(string? prefix = null)
    {
        prefix ??= Name;
        return _registers.Select(register => (register, register.Offset, $"{prefix}.{register.Name}"))
            .Concat(_blocks.SelectMany(block => block.Map.Everything($"{prefix}.{block.Name}").Select(inner => inner with { Item2 = inner.Start + block.Offset })));
    }

    void Claim(int offset, int bytes, string name)
    {
        MustBeIncomplete(name);
        if (offset < 0 || bytes <= 0 || offset > Size - bytes)
            throw new ArgumentOutOfRangeException(nameof(offset), $"{Name}.{name}: 0x{offset:x} + {bytes} is outside the {Size}-byte block");
        if (_windows.Find(window => Overlap(offset, bytes, window.Offset, window.Size))?.Name is { } memory) throw new ArgumentException($"{Name}.{name} overlaps {memory}", nameof(offset));
        if (ClaimedBy(offset, bytes) is { } other) throw new ArgumentException($"{Name}.{name} overlaps {other}", nameof(offset));
    }

    /// <summary>What lies in a stretch of this block, if anything but plain memory.</summary>
    internal string? ClaimedBy(int offset, int bytes)
    {
        foreach (var block in _blocks)
            if (Overlap(offset, bytes, block.Offset, block.Map.Size)) return block.Name;
        for (long at = offset, end = Math.Min((long)offset + bytes, Size); at < end;)
        {
            if (OwnAt((int)at) is { } register) return register.Name;
            at = _registerAtByte[at >> PageBits] is null ? (at | (PageSize - 1)) + 1 : at + 1;
        }
        return null;
    }

    /// <summary>Whether two stretches have a byte in common.</summary>
    internal static bool Overlap(int a, int aBytes, int b, int bBytes) => a < (long)b + bBytes && b < (long)a + aBytes;
}
