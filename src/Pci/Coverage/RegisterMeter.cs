namespace Understudy.Pci;

/// <summary>What a driver has met of one register, or of an array of them.</summary>
sealed class RegisterMeter(string name, Register register)
{
    readonly FieldMeter[] _fields = [.. register.Fields.Select(field => new FieldMeter(field))];
    ulong? _lastRead, _lastWritten;

    /// <summary>Where in its block it starts.</summary>
    public int Offset => register.Offset;

    public long Reads { get; private set; }

    public long Writes { get; private set; }

    /// <summary>An access met it.</summary>
    /// <param name="value">What was read or written, in place.</param>
    /// <param name="covered">The bits that the access covers.</param>
    /// <param name="written">It was written.</param>
    public void Meet(ulong value, ulong covered, bool written)
    {
        if (written) Writes++;
        else Reads++;
        // Polling: the same again tells nothing.
        if (covered == register.AllBits && !IsNews(value, ref written ? ref _lastWritten : ref _lastRead)) return;
        foreach (var field in _fields) field.Meet(value, covered, written);
    }

    static bool IsNews(ulong value, ref ulong? last)
    {
        if (last == value) return false;
        last = value;
        return true;
    }

    public RegisterCoverage Snapshot() => new(name, Reads, Writes, [.. _fields.Select(field => field.Snapshot())]);

    /// <summary>A field's values, each a bit: a name's place, or zero and anything else.</summary>
    sealed class FieldMeter
    {
        readonly FieldInfo _info;
        readonly (ulong Value, string Name)[]? _named;
        ulong _met;

        public FieldMeter(in FieldInfo info)
        {
            _info = info;
            if (info.ValueNames is { Count: > 0 and <= 64 } names) _named = [.. names.OrderBy(pair => pair.Key).Select(pair => (pair.Key, pair.Value))];
        }

        public void Meet(ulong value, ulong covered, bool written)
        {
            if ((covered & _info.Mask) != _info.Mask || (written && _info.Access == Access.ReadOnly) || (!written && _info.Access is Access.WriteOnly or Access.Pulse)) return;
            var field = _info.Of(value);
            if (_named is null) _met |= field == 0 ? 1UL : 2;
            else
                for (var i = 0; i < _named.Length; i++)
                    if (_named[i].Value == field) _met |= 1UL << i;
        }

        public FieldCoverage Snapshot()
        {
            string[] values = _named is not null ? [.. _named.Select(named => named.Name)] : _info.Mask >> _info.Low == 1 ? ["0", "1"] : ["0", "other"];
            return new FieldCoverage(_info.Name, values, [.. values.Where((_, i) => (_met >> i & 1) != 0)]);
        }
    }
}
