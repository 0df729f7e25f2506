namespace Understudy.Devices;

/// <summary>Which buffers of one direction the engine holds, so that a driver's second posting of the same one is seen. Indices past the
/// first million are not followed.</summary>
sealed class BufferLedger
{
    const uint Followed = 1 << 20;
    readonly ulong[] _held = new ulong[Followed / 64];

    /// <summary>Buffers the engine holds.</summary>
    public int Count { get; private set; }

    /// <summary>False when it was held already.</summary>
    public bool Take(uint index)
    {
        if (index >= Followed) return true;
        ref var word = ref _held[index / 64];
        var bit = 1UL << (int)(index % 64);
        if ((word & bit) != 0) return false;
        word |= bit;
        Count++;
        return true;
    }

    public void Return(uint index)
    {
        if (index >= Followed) return;
        ref var word = ref _held[index / 64];
        var bit = 1UL << (int)(index % 64);
        if ((word & bit) != 0) Count--;
        word &= ~bit;
    }

    public void Clear()
    {
        Count = 0;
        Array.Clear(_held);
    }
}
