namespace Understudy.Pci;

/// <summary>Everything posted comes late, each by another time, and still in order: a slot behind busy switches.</summary>
sealed class JitterStrike(FaultEffect effect, FaultInjector faults) : FaultStrike
{
    // As often a few nanoseconds as a few microseconds: a race is lost in the one or in the other.
    const int MostBits = 17;

    readonly Random _random = new((int)(effect.Value % int.MaxValue));

    public override void On(ref BusTransaction transaction, BusPath next)
    {
        var bits = _random.Next(MostBits);
        faults.InFlight.Later(ref transaction, next, (1L << bits) + _random.NextInt64(1L << bits));
    }
}
