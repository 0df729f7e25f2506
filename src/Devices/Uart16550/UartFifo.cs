namespace Understudy.Devices;

/// <summary>Characters with the line status each came with.</summary>
sealed class UartFifo(int capacity)
{
    readonly (byte Character, byte Errors)[] _entries = new (byte, byte)[capacity];
    int _first;

    public int Count { get; private set; }

    public int Room => capacity - Count;

    public byte FirstErrors => Count == 0 ? (byte)0 : _entries[_first].Errors;

    public bool AnyErrors
    {
        get
        {
            for (var i = 0; i < Count; i++)
                if (_entries[(_first + i) % capacity].Errors != 0) return true;
            return false;
        }
    }

    public void Put(byte character, byte errors)
    {
        if (Room == 0) return;
        _entries[(_first + Count++) % capacity] = (character, errors);
    }

    public (byte Character, byte Errors) Take()
    {
        var entry = _entries[_first];
        (_first, Count) = ((_first + 1) % capacity, Count - 1);
        return entry;
    }

    /// <summary>The first character's errors have been seen.</summary>
    public void ForgetFirstErrors()
    {
        if (Count > 0) _entries[_first].Errors = 0;
    }

    public void Clear() => (_first, Count) = (0, 0);
}
