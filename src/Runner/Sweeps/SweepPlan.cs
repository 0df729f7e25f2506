using Understudy.Pci;

namespace Understudy.Runner.Sweeps;

/// <summary>Which faults a sweep tries, the most telling first.</summary>
static class SweepPlan
{
    /// <summary>What a driver sees of a device that is pulled, resets itself or interrupts for no reason, at whatever touch it happens.</summary>
    static readonly FaultKind[] s_anywhere = [FaultKind.Remove, FaultKind.Reset, FaultKind.Spurious, FaultKind.Do];

    const int Configuration = 3;

    static readonly FaultKind[] s_first = [FaultKind.Fail, FaultKind.Drop, FaultKind.Value, FaultKind.Flip, FaultKind.Remove, FaultKind.Do];

    static readonly FaultKind[] s_reads = [FaultKind.Fail, FaultKind.Value, FaultKind.Flip, FaultKind.Stuck, FaultKind.Becomes, FaultKind.Stale, FaultKind.Delay];

    /// <summary>A fault for every place and every effect that a driver can see there: each place once before any twice, the telling effects before
    /// the others, what the device does by itself before what it answers, and legal ones before hostile ones.</summary>
    /// <param name="touches">The places, in their order.</param>
    /// <param name="events">What may happen to each device by itself, as words of its orders.</param>
    /// <param name="exhaustive">All places; otherwise one of each class.</param>
    public static IReadOnlyList<SweepPoint> For(IReadOnlyList<SweepTouch> touches, Func<string, IReadOnlyList<string>> events, bool exhaustive)
    {
        var places = exhaustive ? touches : [.. touches.DistinctBy(touch => touch.Class)];
        var seen = new Dictionary<(string, BusOp, string), int>();
        var ranked = places.Select(touch => (Touch: touch, Rank: seen[(touch.Device, touch.Op, touch.Target)] = seen.GetValueOrDefault((touch.Device, touch.Op, touch.Target)) + 1)).ToList();
        return [.. ranked.SelectMany(place => Effects(place.Touch.Op, events(place.Touch.Device)).Select(effect => (Turn: Turn(place.Touch.Op, place.Rank, effect), Point: new SweepPoint(place.Touch, place.Touch.Rule(effect)))))
            .OrderBy(point => point.Turn).ThenBy(point => Telling(point.Point.Rule.Effect.Kind) == s_first.Length).ThenBy(point => Side(point.Point.Touch.Op)).ThenBy(point => point.Point.Class).ThenBy(point => Telling(point.Point.Rule.Effect.Kind)).Select(point => point.Point)];
    }

    // Places take turns. Transactions of the device have no register that tells them apart: the first few are as good as different places.
    // Effects that tell less, and configuration space, which is more the kernel's than the driver's, wait for a turn.
    static int Turn(BusOp op, int number, FaultEffect effect)
        => (Side(op) == 0 ? (number + 3) / 4 : number) + (Telling(effect.Kind) == s_first.Length ? 1 : 0) + (Side(op) == Configuration ? 1 : 0);

    // Few, and what drivers trust most: descriptors, completions, interrupts. Then what the driver reads, then what it only writes.
    static int Side(BusOp op) => op switch
    {
        BusOp.MmioRead => 1,
        BusOp.MmioWrite or BusOp.Reset => 2,
        BusOp.ConfigRead or BusOp.ConfigWrite => Configuration,
        _ => 0,
    };

    /// <summary>What strikes the driver there. What would send the device itself astray, such as a ring's address that is lost on its way, is
    /// left out: where it then writes is no fault of the driver.</summary>
    internal static IEnumerable<FaultEffect> Effects(BusOp op, IReadOnlyList<string> events)
        => FaultCatalog.For(op).Where(form => Telling(op, form.Kind)).SelectMany(form => Samples(op, form)).Concat(events.Select(words => new FaultEffect(FaultKind.Do, Words: words)));

    // What drivers are least prepared for comes first.
    static int Telling(FaultKind kind)
    {
        var place = Array.IndexOf(s_first, kind);
        return place < 0 ? s_first.Length : place;
    }

    static bool Telling(BusOp op, FaultKind kind) => s_anywhere.Contains(kind) || op switch
    {
        BusOp.ConfigRead or BusOp.MmioRead => s_reads.Contains(kind),
        BusOp.DmaRead => kind == FaultKind.Fail,
        BusOp.DmaWrite => kind is FaultKind.Fail or FaultKind.Drop or FaultKind.Duplicate or FaultKind.Value or FaultKind.Flip or FaultKind.Corrupt or FaultKind.Partial or FaultKind.Delay or FaultKind.Torn,
        BusOp.Interrupt => kind is FaultKind.Drop or FaultKind.Duplicate or FaultKind.Delay or FaultKind.Storm,
        BusOp.IntxAssert or BusOp.IntxDeassert => kind is FaultKind.Drop or FaultKind.Delay or FaultKind.Stuck,
        BusOp.Reset => kind == FaultKind.FlrHang,
        _ => false,
    };

    // Of a descriptor that is written, every word is worth a lie, not only the first.
    static IEnumerable<FaultEffect> Samples(BusOp op, FaultForm form) => op == BusOp.DmaWrite && form.Kind == FaultKind.Flip
        ? [.. form.Samples, new FaultEffect(FaultKind.Flip, 1UL << 32), new FaultEffect(FaultKind.Flip, 1UL << 63)]
        : form.Samples;
}
