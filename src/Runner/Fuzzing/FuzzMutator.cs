using Understudy.Pci;
using Understudy.Runner.Suites;
using Understudy.Runner.Sweeps;

namespace Understudy.Runner.Fuzzing;

/// <summary>Makes the next case of another: a fault more, one less, or one that lies otherwise. What a register can say is known from the
/// device's maps, so that a lie is told field by field, at the ends of what fits into it.</summary>
/// <param name="test">The test whose devices are struck.</param>
sealed class FuzzMutator(DirectoryTest test)
{
    const int MostFaults = 4;

    static readonly ulong[] s_edges = [0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x100000000, long.MaxValue, 1UL << 63, ulong.MaxValue];

    readonly Dictionary<string, FaultInjector> _devices = test.Settings.Devices.ToDictionary(device => device.Name, Undriven);

    /// <summary>The next case.</summary>
    /// <param name="parent">What it is made of.</param>
    /// <param name="touches">The bus under the parent: where faults can strike.</param>
    /// <param name="random">The only chance there is.</param>
    public IReadOnlyList<SweepPoint> Next(IReadOnlyList<SweepPoint> parent, IReadOnlyList<SweepTouch> touches, Random random)
    {
        var places = touches.Where(touch => touch.Op is BusOp.MmioRead or BusOp.ConfigRead or BusOp.DmaWrite or BusOp.Interrupt).ToList();
        for (var attempt = 0; places.Count > 0 && attempt < 100; attempt++)
        {
            List<SweepPoint> points = [.. parent];
            switch (random.Next(4))
            {
                case 0 when points.Count > 1: points.RemoveAt(random.Next(points.Count)); break;
                case 1 when points.Count > 0: points[random.Next(points.Count)] = Lie(places, random); break;
                case 2 when points.Count is > 0 and < MostFaults: points.Add(Lie(Near(points[^1], places), random)); break;
                default: points.Insert(random.Next(Math.Min(points.Count, MostFaults - 1) + 1), Lie(places, random)); break;
            }
            if (points.Count <= MostFaults && Stands(points)) return points;
        }
        return parent;
    }

    // Two faults together are worth most where the driver has just been hurt.
    static List<SweepTouch> Near(SweepPoint point, List<SweepTouch> places)
    {
        var at = places.FindIndex(place => place.Device == point.Touch.Device && place.Op == point.Touch.Op && place.Target == point.Touch.Target && place.Nth == point.Touch.Nth);
        return at < 0 ? places : places.GetRange(at, Math.Min(20, places.Count - at));
    }

    SweepPoint Lie(List<SweepTouch> places, Random random)
    {
        // Each place by its name first: a register that is polled a thousand times is no likelier than one that is read once. Configuration
        // space is the kernel's more than the driver's.
        var side = random.Next(10) switch { 0 => BusOp.ConfigRead, < 6 => BusOp.MmioRead, < 9 => BusOp.DmaWrite, _ => BusOp.Interrupt };
        if (places.Exists(place => place.Op == side)) places = [.. places.Where(place => place.Op == side)];
        var names = places.Select(place => (place.Device, place.Op, place.Target)).Distinct().ToList();
        var name = names[random.Next(names.Count)];
        var same = places.Where(place => (place.Device, place.Op, place.Target) == name).ToList();
        var place = same[random.Next(same.Count)];
        return place.Op switch
        {
            BusOp.DmaWrite => Point(place, place.Target, Written(random)),
            BusOp.Interrupt => Point(place, place.Target, random.Next(3) switch { 0 => new(FaultKind.Duplicate), 1 => new(FaultKind.Storm, 100), _ => new(FaultKind.Delay, 10_000) }),
            _ => Read(place, random),
        };
    }

    static FaultEffect Written(Random random) => random.Next(8) switch
    {
        0 => new(FaultKind.Value, Edge(random)),
        1 => new(FaultKind.Corrupt, (ulong)random.Next(1, 32)),
        2 => new(FaultKind.Partial, (ulong)random.Next(0, 16)),
        3 => new(FaultKind.Duplicate),
        4 => new(FaultKind.Torn, 0),
        5 => new(FaultKind.Delay, 10_000),
        _ => new(FaultKind.Flip, 1UL << random.Next(64)),
    };

    SweepPoint Read(SweepTouch place, Random random)
    {
        var kind = random.Next(6) switch { 0 => FaultKind.Flip, 1 => FaultKind.Becomes, 2 => FaultKind.Stale, 3 => FaultKind.Corrupt, _ => FaultKind.Value };
        var fields = _devices[place.Device].FieldsOf(place.Rule(new FaultEffect(FaultKind.Value))).Where(field => place.Target.Length > 1 && !place.Target.EndsWith($".{field.Name}", StringComparison.Ordinal)).ToList();
        if (kind is FaultKind.Stale or FaultKind.Corrupt || fields.Count == 0 || random.Next(3) == 0)
            return Point(place, place.Target, kind switch { FaultKind.Stale => new(kind), FaultKind.Corrupt => new(kind, (ulong)random.Next(1, 8)), FaultKind.Flip => new(kind, 1UL << random.Next(32)), _ => new(kind, Edge(random)) });
        var field = fields[random.Next(fields.Count)];
        var most = field.Mask >> field.Low;
        var value = kind == FaultKind.Flip ? most & (ulong)random.NextInt64(1, long.MaxValue) : random.Next(5) switch { 0 => 0, 1 => most, 2 or 3 => most & Edge(random), _ => most & (ulong)random.NextInt64() };
        return Point(place, $"{place.Target}.{field.Name}", new FaultEffect(kind, kind == FaultKind.Flip && value == 0 ? most : value));
    }

    static SweepPoint Point(SweepTouch place, string target, FaultEffect effect) => new(place, place.Rule(effect) with { Target = target });

    static ulong Edge(Random random) => random.Next(5) switch { 0 => (ulong)random.NextInt64(), 1 => 0, 2 => ulong.MaxValue, _ => s_edges[random.Next(s_edges.Length)] };

    // Rules can contradict each other: such a case could never strike as it says.
    bool Stands(List<SweepPoint> points)
    {
        try
        {
            FaultsFile.Check([.. points.Select(point => point.Text)], test with { Faults = [] });
            return points.DistinctBy(point => point.Text).Count() == points.Count;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    // A device nobody drives, for its maps.
    static FaultInjector Undriven(PlannedDevice device)
    {
        var faults = new FaultInjector();
        _ = new PciSlot(new LoopbackBus(), device.Entry.Create(), [faults]);
        return faults;
    }
}
