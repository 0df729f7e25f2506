namespace Understudy.Devices;

/// <summary>A first-in first-out memory of 32-bit words, as deep as the firmware makes it.</summary>
sealed class WordFifo(int depth)
{
    readonly uint[] _words = new uint[depth];
    int _first;

    public int Count { get; private set; }

    /// <summary>False when it is full: the word is gone.</summary>
    public bool TryPush(uint word)
    {
        if (Count == _words.Length) return false;
        var at = _first + Count++;
        _words[at >= _words.Length ? at - _words.Length : at] = word;
        return true;
    }

    /// <summary>The oldest word; there must be one.</summary>
    public uint Oldest => _words[_first];

    /// <summary>The newest word; there must be one.</summary>
    public uint Newest => _words[(_first + Count - 1) % _words.Length];

    public uint Pop()
    {
        var word = _words[_first];
        if (++_first == _words.Length) _first = 0;
        Count--;
        return word;
    }

    public void Clear() => (_first, Count) = (0, 0);
}
