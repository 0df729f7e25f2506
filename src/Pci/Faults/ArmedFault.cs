namespace Understudy.Pci;

/// <summary>A rule at work on one slot: what it has counted, and what it does.</summary>
sealed class ArmedFault
{
    readonly PciSlot _slot;
    readonly FaultPlace _place;
    readonly OpSet _operations, _strikes;
    readonly FaultWhen _when;
    bool _begun;
    long _start, _matchedBefore, _struckBefore;

    public ArmedFault(FaultRule rule, FaultInjector faults, PciSlot slot, Action<PciDevice>? act = null)
    {
        FaultGrammar.Check(rule);
        (Rule, _slot, _when, _operations, _strikes, Text) = (rule, slot, rule.When, rule.Operations, rule.Effect.Form.Operations, rule.ToString());
        _place = new FaultPlace(rule, slot);
        Strike = act is null ? FaultStrike.Of(rule.Effect, _place, faults, slot) : new DeviceStrike(rule.Effect, faults, slot, act);
        if (_when.After.Length == 0) Begin();
    }

    public FaultRule Rule { get; }

    public string Text { get; }

    public FaultStrike Strike { get; }

    long Matched { get; set; }

    long Struck { get; set; }

    public FaultTally Tally => new(Rule, _matchedBefore + Matched, _struckBefore + Struck);

    public bool Matches(ref BusTransaction transaction)
        => _operations.Has(transaction.Op) && (Rule.Length == 0 || Rule.Length == transaction.Length) && _place.Holds(ref transaction);

    /// <summary>Counts a match.</summary>
    /// <returns>It is to be struck.</returns>
    public bool Hits(BusOp op, bool armed)
    {
        if (!_begun || _when.Armed && !armed) return false;
        if ((_when.From | _when.To) != 0)
        {
            var time = _slot.Clock.Now - _start;
            if (time < _when.From || _when.To > 0 && time >= _when.To) return false;
        }
        Matched++;
        if (Struck > 0 && Strike.Lasts) return _strikes.Has(op);
        if (_when.Nth > 0 && Matched != _when.Nth || _when.Every > 0 && Matched % _when.Every != 0) return false;
        if (_when.Once && Struck > 0) return false;
        if (_when.Probability < 1 && _slot.Random.NextDouble() >= _when.Probability) return false;
        return _strikes.Has(op);
    }

    public long Hit() => ++Struck;

    /// <summary>Something moved the device without crossing the bus: what the rule may have waited for.</summary>
    public void Noted(string text)
    {
        if (!_begun && text.Contains(_when.After, StringComparison.OrdinalIgnoreCase)) Begin();
    }

    /// <summary>Faults were armed: a rule that slept counts from here.</summary>
    public void Awake()
    {
        if (!_when.Armed) return;
        (_matchedBefore, _struckBefore) = (_matchedBefore + Matched, _struckBefore + Struck);
        (Matched, Struck) = (0, 0);
        if (_begun) Begin();
    }

    /// <summary>It strikes whatever the other rule could strike, now and for ever, and came first.</summary>
    public bool Shadows(ArmedFault other)
    {
        if (Strike is PresenceStrike || !_operations.Covers(other._operations & other._strikes) || !_strikes.Covers(other._operations & other._strikes)) return false;
        if (Rule.Length != 0 && Rule.Length != other.Rule.Length || !_place.Covers(other._place)) return false;
        if (_when == FaultWhen.Always) return true;
        return Matched == 0 && _when == other._when && _when is { Probability: 1, Armed: false } && _operations == other._operations && other._place.Covers(_place) && Rule.Length == other.Rule.Length;
    }

    void Begin() => (_begun, _start) = (true, _slot.Clock.Now);
}
