namespace Understudy.Pci;

/// <summary>Where a rule's target lies: which transactions meet it, and which of their bits are its.</summary>
sealed class FaultPlace
{
    const int AnySpace = -2, ConfigSpace = -1;

    readonly int _space = AnySpace;
    readonly ulong _first, _last = ulong.MaxValue, _mask = ulong.MaxValue;
    readonly int _shift, _bytes = 8;
    readonly bool _anywhere;
    readonly Type? _structure;

    public FaultPlace(FaultRule rule, PciSlot slot)
    {
        var target = rule.Target;
        if (target == "*") _anywhere = true;
        else if (Range(target) is { } range) (_first, _last) = range;
        else if (Bar(target) is { } bar) (_space, _first, _last, _anywhere) = bar;
        else if (Register(rule, slot) is { } found)
        {
            (_space, _first, _bytes) = (found.Bar, (ulong)found.Start, found.Register.Bytes);
            if (found.Field is { } field) (_mask, _shift) = (field.Mask, field.Low);
            else _mask = found.Register.AllBits;
            _last = _first + (ulong)_bytes - 1;
        }
        else _structure = Structures(rule, slot).FirstOrDefault(structure => string.Equals(structure.Name, target, StringComparison.OrdinalIgnoreCase)) ?? throw Unknown(rule, slot);
        if (_last < _first) throw new FormatException($"The fault rule '{rule}' can never match: its range ends before it begins.");
    }

    public bool IsStructure => _structure is not null;

    public bool Holds(ref BusTransaction transaction) => _structure is null
        ? Holds(transaction.Op, transaction.Bar, transaction.Address, transaction.Length)
        : transaction.Structure == _structure;

    public bool Holds(BusOp op, byte bar, ulong address, int length)
    {
        if (_space != AnySpace && !InSpace(op, bar) || address > _last) return false;
        return address >= _first || _first - address < (ulong)length;
    }

    /// <summary>Everything that meets the other place meets this one too.</summary>
    public bool Covers(FaultPlace other)
        => _structure == other._structure && (_space == AnySpace || _space == other._space) && _first <= other._first && _last >= other._last;

    /// <summary>Puts a value where the target lies in what a transaction carries, or flips these bits there.</summary>
    /// <param name="data">What it carries.</param>
    /// <param name="address">Where that begins.</param>
    /// <param name="value">In the target's own bits: a field's from its lowest on.</param>
    /// <param name="flip">Flip the bits that are set in the value.</param>
    public void Overlay(Span<byte> data, ulong address, ulong value, bool flip = false)
    {
        var start = _anywhere || _structure is not null ? address : _first;
        var bits = value << _shift & _mask;
        for (var i = 0; i < data.Length; i++)
        {
            var lane = address + (ulong)i - start;
            if (lane >= (ulong)_bytes) continue;
            var (mask, set) = ((byte)(_mask >> (int)(8 * lane)), (byte)(bits >> (int)(8 * lane)));
            data[i] = (byte)(flip ? data[i] ^ set : data[i] & ~mask | set);
        }
    }

    bool InSpace(BusOp op, byte bar) => op switch
    {
        BusOp.ConfigRead or BusOp.ConfigWrite => _space == ConfigSpace,
        BusOp.MmioRead or BusOp.MmioWrite => _space == bar,
        _ => false,
    };

    static (ulong First, ulong Last)? Range(ReadOnlySpan<char> text)
    {
        var cut = text.IndexOfAny('-', '+');
        if (cut < 0) return FaultGrammar.Number(text) is { } number ? (number, number) : null;
        if (FaultGrammar.Number(text[..cut]) is not { } first || FaultGrammar.Number(text[(cut + 1)..]) is not { } second) return null;
        return (first, text[cut] == '-' ? second : second > 0 && first <= ulong.MaxValue - (second - 1) ? first + second - 1 : first - 1);
    }

    static (int Space, ulong First, ulong Last, bool Anywhere)? Bar(string text)
    {
        if (!text.StartsWith("BAR", StringComparison.OrdinalIgnoreCase) || text.Length < 4 || text[3] is < '0' or > '6') return null;
        if (text.Length == 4) return (text[3] - '0', 0, ulong.MaxValue, true);
        return text[4] == '+' && Range(text.AsSpan(5)) is { } range ? (text[3] - '0', range.First, range.Last, false) : null;
    }

    static (int Bar, int Start, Register Register, FieldInfo? Field)? Register(FaultRule rule, PciSlot slot)
    {
        foreach (var (bar, start, map) in Maps(rule, slot))
            foreach (var (register, at, path) in map.Everything())
            {
                if (!rule.Target.StartsWith(path, StringComparison.OrdinalIgnoreCase)) continue;
                if (rule.Target.Length == path.Length) return (bar, start + at, register, null);
                if (rule.Target[path.Length] != '.') continue;
                foreach (var field in register.Fields)
                    if (rule.Target.AsSpan(path.Length + 1).Equals(field.Name, StringComparison.OrdinalIgnoreCase)) return (bar, start + at, register, field);
            }
        return null;
    }

    /// <summary>The fields of the register that a rule names; empty where it names none.</summary>
    public static IReadOnlyList<FieldInfo> Fields(FaultRule rule, PciSlot slot) => Register(rule, slot)?.Register.Fields ?? [];

    static IEnumerable<(int Bar, int Start, RegisterMap Map)> Maps(FaultRule rule, PciSlot slot)
    {
        if (rule.Operations.Meets(OpSet.Mmio))
            foreach (var map in slot.Maps()) yield return map;
        if (rule.Operations.Meets(OpSet.Config)) yield return (ConfigSpace, 0, slot.ConfigMap);
    }

    static IReadOnlyList<Type> Structures(FaultRule rule, PciSlot slot) => rule.Operations.Meets(OpSet.Dma) ? slot.Device.Structures : [];

    static FormatException Unknown(FaultRule rule, PciSlot slot)
    {
        var names = Maps(rule, slot).SelectMany(map => map.Map.Everything())
            .SelectMany(register => register.Register.Fields.Where(field => field.Name != register.Register.Name).Select(field => $"{register.Path}.{field.Name}").Prepend(register.Path));
        return new FormatException($"The fault rule '{rule}' names '{rule.Target}', which is no register of {slot.Device.GetType().Name} that a {rule.Operation} can reach"
            + $"{Nearest.To(rule.Target, names.Concat(Structures(rule, slot).Select(structure => structure.Name)))}; write BLOCK.Register, BLOCK.Register.Field, a number, a range as 0x100-0x1ff, or *.");
    }
}
