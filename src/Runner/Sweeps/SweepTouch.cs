using System.Globalization;
using Understudy.Pci;

namespace Understudy.Runner.Sweeps;

/// <summary>One place in a run where a fault could strike.</summary>
/// <param name="Device">The device's name in the test.</param>
/// <param name="Step">The step of the run it falls in.</param>
/// <param name="Op">What crosses the bus.</param>
/// <param name="Target">What it touches, as fault rules write it: <c>MAC.IntrStatus</c>, a vector, or <c>*</c>.</param>
/// <param name="Nth">Which of all that match operation and target, from 1.</param>
public sealed record SweepTouch(string Device, string Step, BusOp Op, string Target, int Nth)
{
    /// <summary>Touches of one class look the same to the driver: the same place, in the same step, after the same touch before.</summary>
    public string Class { get; init; } = "";

    /// <summary>For people: <c>nic: mmio-read MAC.IntrStatus nth=2</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Device}: {Word(Op)} {Target} nth={Nth}");

    /// <summary>Which fault strikes here.</summary>
    internal FaultRule Rule(FaultEffect effect) => FaultRule.Parse(string.Create(CultureInfo.InvariantCulture, $"{Word(Op)} {Target} nth={Nth} -> {effect}"));

    /// <summary>Turns what an injector counted into places, each with its class.</summary>
    internal static IReadOnlyList<SweepTouch> From(string device, IReadOnlyList<TouchPoint> touches, IReadOnlyList<(string Step, int First)> steps)
    {
        var counts = new Dictionary<(BusOp, string), int>();
        var places = new List<SweepTouch>(touches.Count);
        var before = "";
        for (var i = 0; i < touches.Count; i++)
        {
            var (op, target) = (touches[i].Op, TargetOf(touches[i]));
            var nth = counts[(op, target)] = counts.GetValueOrDefault((op, target)) + 1;
            var step = steps.LastOrDefault(step => step.First <= i).Step ?? "";
            var here = $"{Word(op)} {target}";
            places.Add(new SweepTouch(device, step, op, target, nth) { Class = $"{device}: {here} in {step} after {before}" });
            before = here;
        }
        return places;
    }

    // A DMA's address is another one in every run; its place in the order is not.
    static string TargetOf(TouchPoint touch) => touch.Op switch
    {
        BusOp.Interrupt => touch.Address.ToString(CultureInfo.InvariantCulture),
        BusOp.ConfigRead or BusOp.ConfigWrite or BusOp.MmioRead or BusOp.MmioWrite when touch.Name.Length > 0 => touch.Name,
        _ => "*",
    };

    static string Word(BusOp op) => op switch
    {
        BusOp.ConfigRead => "config-read",
        BusOp.ConfigWrite => "config-write",
        BusOp.MmioRead => "mmio-read",
        BusOp.MmioWrite => "mmio-write",
        BusOp.DmaRead => "dma-read",
        BusOp.DmaWrite => "dma-write",
        BusOp.Interrupt => "irq",
        BusOp.IntxAssert => "intx",
        BusOp.IntxDeassert => "intx-release",
        BusOp.Reset => "reset",
        _ => throw new InvalidOperationException($"no such operation: {op}"),
    };
}
