namespace Understudy.Pci;

/// <summary>Every kind of fault there is: how it is written, what it can strike, who could show it.</summary>
public static class FaultCatalog
{
    const ulong Microsecond = 1_000, Millisecond = 1_000_000;

    static readonly OpSet s_interrupts = OpSet.Of(BusOp.Interrupt), s_posted = OpSet.Of(BusOp.MmioWrite, BusOp.DmaWrite, BusOp.Interrupt) | OpSet.Intx, s_late = OpSet.Access | OpSet.Of(BusOp.DmaWrite, BusOp.Interrupt) | OpSet.Intx;

    /// <summary>All of them, in the order of <see cref="FaultKind"/>.</summary>
    public static IReadOnlyList<FaultForm> All { get; } =
    [
        Legal(FaultKind.Drop, "drop", OpSet.Any, "it is lost: a write or an interrupt never arrives, a read gives all ones"),
        Legal(FaultKind.Fail, "fail", OpSet.Data, "it is refused with Unsupported Request: a read gives all ones"),
        Legal(FaultKind.Abort, "abort", OpSet.Data, "nobody claims it, a master abort: a read gives all ones"),
        Legal(FaultKind.Timeout, "timeout", OpSet.Reads | OpSet.Of(BusOp.DmaRead), "no completion comes: all ones, with that status"),
        Hostile(FaultKind.Duplicate, "duplicate", OpSet.Any, "it happens twice"),
        Hostile(FaultKind.Value, "value N", OpSet.Data, "it carries N instead, in its target's bits", 0, ulong.MaxValue),
        Hostile(FaultKind.Flip, "flip BITS", OpSet.Data, "these bits of it are flipped", 1, 0x80),
        Hostile(FaultKind.Stuck, "stuck 0|1", OpSet.Reads | OpSet.Intx, "from here on its target's bits read as 0, or as 1; the INTx pin stays so", 0, 1) with { Argument = FaultArgument.Bit },
        Hostile(FaultKind.Becomes, "becomes N", OpSet.Reads, "from here on reads give N in its target's bits: a register, or configuration space, that changes", 0, ulong.MaxValue),
        Hostile(FaultKind.Stale, "stale", OpSet.Reads | OpSet.Of(BusOp.DmaRead), "a read gives what the one before gave"),
        Hostile(FaultKind.Corrupt, "corrupt [BITS]", OpSet.Data, "so many bits of it, chosen by the seed, are flipped; one unless told", 1, 16) with { Default = 1 },
        Hostile(FaultKind.Partial, "partial BYTES", OpSet.Dma, "only its first bytes are moved", 0, 4),
        Hostile(FaultKind.Unmapped, "unmapped", OpSet.Dma, "it goes to an address that is not mapped"),
        Legal(FaultKind.Delay, "delay TIME", s_late, "it comes so much later; for a read, device time passes", 10 * Microsecond, 10 * Millisecond) with { Argument = FaultArgument.Time },
        Legal(FaultKind.Jitter, "jitter SEED", s_posted, "each comes later by another time, 1 ns to 100 us, which the seed decides; in order", 1),
        Hostile(FaultKind.Reorder, "reorder", OpSet.Of(BusOp.MmioWrite, BusOp.DmaWrite, BusOp.Interrupt), "the next of its direction overtakes it"),
        Hostile(FaultKind.Torn, "torn [TIME]", OpSet.Of(BusOp.DmaWrite), "a descriptor's owner word comes, the rest so much later, or never; of other writes the first half", 0, 10 * Microsecond) with { Argument = FaultArgument.Time, Default = 0 },
        Legal(FaultKind.Spurious, "spurious [VECTOR]", OpSet.Any, "an interrupt with no cause follows it", 0) with { Default = 0 },
        Hostile(FaultKind.Storm, "storm TIMES", s_interrupts, "it comes so many times, a microsecond apart", 1000),
        Hostile(FaultKind.Vector, "vector N", s_interrupts, "it comes as vector N", 1),
        Legal(FaultKind.Reset, "reset", new OpSet(OpSet.Any.Mask & ~OpSet.Of(BusOp.Reset).Mask), "the device resets itself first; its configuration space stays"),
        Legal(FaultKind.Remove, "remove", OpSet.Any, "the card is pulled: all ones, and nothing passes any more"),
        Legal(FaultKind.LinkDown, "link-down [TIME]", OpSet.Any, "the link goes down: as if removed, and back after that time, reset", 0, 10 * Millisecond) with { Argument = FaultArgument.Time, Default = 0 },
        Legal(FaultKind.FlrHang, "flr-hang [TIME]", OpSet.Of(BusOp.Reset), "the reset does not end for so long, or for good: all ones until then", 0) with { Argument = FaultArgument.Time, Default = 0 },
        Legal(FaultKind.Do, "do ORDER...", OpSet.Any, "the model does that, as 'device NAME ORDER' makes it") with { Argument = FaultArgument.Words, Samples = [] },
    ];

    /// <summary>What can be done to such a transaction.</summary>
    public static IEnumerable<FaultForm> For(BusOp op) => All.Where(form => form.Strikes(op));

    /// <summary>What is known of a kind.</summary>
    public static FaultForm Of(FaultKind kind) => All[(int)kind];

    static FaultForm Legal(FaultKind kind, string usage, OpSet ops, string help, params ulong[] samples) => Form(kind, usage, FaultClass.Legal, ops, help, samples);

    static FaultForm Hostile(FaultKind kind, string usage, OpSet ops, string help, params ulong[] samples) => Form(kind, usage, FaultClass.Hostile, ops, help, samples);

    static FaultForm Form(FaultKind kind, string usage, FaultClass by, OpSet ops, string help, ulong[] samples)
        => new(kind, usage, samples.Length > 0 ? FaultArgument.Number : FaultArgument.None, by, help,
            samples.Length > 0 ? [.. samples.Select(sample => new FaultEffect(kind, sample))] : [new FaultEffect(kind)]) { Operations = ops };
}
