namespace Understudy.Pci;

/// <summary>Some of the operations, and the words for them in a rule.</summary>
readonly record struct OpSet(int Mask)
{
    public static readonly OpSet Config = Of(BusOp.ConfigRead, BusOp.ConfigWrite), Mmio = Of(BusOp.MmioRead, BusOp.MmioWrite);
    public static readonly OpSet Dma = Of(BusOp.DmaRead, BusOp.DmaWrite), Access = Config | Mmio, Data = Access | Dma;
    public static readonly OpSet Reads = Of(BusOp.ConfigRead, BusOp.MmioRead), Intx = Of(BusOp.IntxAssert, BusOp.IntxDeassert);
    public static readonly OpSet Any = new((1 << (int)BusOp.Reset + 1) - 1);

    static readonly (string Word, OpSet Ops)[] s_words =
    [
        ("config-read", Of(BusOp.ConfigRead)), ("config-write", Of(BusOp.ConfigWrite)), ("mmio-read", Of(BusOp.MmioRead)), ("mmio-write", Of(BusOp.MmioWrite)),
        ("dma-read", Of(BusOp.DmaRead)), ("dma-write", Of(BusOp.DmaWrite)), ("irq", Of(BusOp.Interrupt)), ("intx", Of(BusOp.IntxAssert)),
        ("intx-release", Of(BusOp.IntxDeassert)), ("reset", Of(BusOp.Reset)), ("config", Config), ("mmio", Mmio), ("dma", Dma), ("access", Access), ("any", Any),
    ];

    public static IEnumerable<string> Words => s_words.Select(known => known.Word);

    public static OpSet Of(params ReadOnlySpan<BusOp> ops)
    {
        var mask = 0;
        foreach (var op in ops) mask |= 1 << (int)op;
        return new OpSet(mask);
    }

    /// <summary>What a word stands for; null where it stands for nothing.</summary>
    public static OpSet? Named(string word)
    {
        foreach (var known in s_words)
            if (known.Word == word) return known.Ops;
        return null;
    }

    public bool Has(BusOp op) => (Mask >> (int)op & 1) != 0;

    public bool Covers(OpSet other) => (other.Mask & ~Mask) == 0;

    public bool Meets(OpSet other) => (other.Mask & Mask) != 0;

    public static OpSet operator |(OpSet one, OpSet other) => new(one.Mask | other.Mask);

    public static OpSet operator &(OpSet one, OpSet other) => new(one.Mask & other.Mask);
}
