namespace Understudy.Pci;

/// <summary>What one rule does to the transactions it strikes.</summary>
abstract class FaultStrike
{
    /// <summary>Once it has struck, every later match is struck too.</summary>
    public virtual bool Lasts => false;

    /// <summary>Does it.</summary>
    public abstract void On(ref BusTransaction transaction, BusPath next);

    /// <summary>A transaction has passed, struck or not.</summary>
    public virtual void Passed(ref BusTransaction transaction) { }

    public static FaultStrike Of(FaultEffect effect, FaultPlace place, FaultInjector faults, PciSlot slot) => effect.Kind switch
    {
        FaultKind.Drop or FaultKind.Fail or FaultKind.Abort or FaultKind.Timeout or FaultKind.Duplicate => new CompletionStrike(effect.Kind),
        FaultKind.Stale => new StaleStrike(place),
        FaultKind.Stuck or FaultKind.Becomes => new LastingStrike(effect, place),
        FaultKind.Value or FaultKind.Flip or FaultKind.Corrupt => new DataStrike(effect, place, slot),
        FaultKind.Partial or FaultKind.Unmapped or FaultKind.Torn => new DmaStrike(effect, faults),
        FaultKind.Jitter => new JitterStrike(effect, faults),
        FaultKind.Delay or FaultKind.Reorder => new TimeStrike(effect, faults, slot),
        FaultKind.Spurious or FaultKind.Storm or FaultKind.Vector => new InterruptStrike(effect, faults, slot),
        FaultKind.Remove or FaultKind.LinkDown or FaultKind.FlrHang => new PresenceStrike(effect, faults),
        _ => new DeviceStrike(effect, faults, slot),
    };
}
