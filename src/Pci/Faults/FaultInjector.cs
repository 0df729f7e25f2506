namespace Understudy.Pci;

/// <summary>Turns a working bus into a bad one, by rules that are data. Each rule counts its matches from when it is added; the first rule that
/// strikes a transaction decides. Every strike is a line of the trace. Without rules it costs a branch.</summary>
public sealed class FaultInjector : BusInterceptor
{
    const int MostRules = 256, MostTallies = 1024;

    // What tells the device something.
    static readonly OpSet s_heard = OpSet.Of(BusOp.ConfigWrite, BusOp.MmioWrite, BusOp.DmaRead);

    readonly List<ArmedFault> _rules = [];
    readonly List<FaultTally> _past = [];
    PciSlot? _slot;
    Presence? _presence;
    InFlight? _inFlight;
    TouchLog? _touches;
    bool _armed, _busy, _watching;

    /// <summary>Called under the lock for every fault as it happens, with the rule and the number of its hit.</summary>
    public Action<FaultRule, long>? Injected { get; set; }

    /// <summary>Does an order of <see cref="FaultKind.Do"/> to the device: words in, as <c>cable off</c>. Throws <see cref="FormatException"/>
    /// where there is none of that name, or its words are wrong. Null where nobody takes orders.</summary>
    public Action<PciDevice, string>? Orders { get; set; }

    /// <summary>Rules that wait for it may strike; each change to true starts their counts anew.</summary>
    public bool Armed
    {
        get => _armed;
        set
        {
            lock (Slot.Clock.Gate)
            {
                if (value && !_armed)
                    foreach (var rule in _rules) rule.Awake();
                _armed = value;
            }
        }
    }

    /// <summary>Writes down every transaction as a <see cref="TouchPoint"/>, from now on; setting it again begins anew. Off, it costs nothing.</summary>
    public bool CountTouches
    {
        get => _touches is not null;
        set { lock (Slot.Clock.Gate) { _touches = value ? new TouchLog(Slot) : null; Wake(); } }
    }

    /// <summary>The transactions since <see cref="CountTouches"/> was set, in order, the first 100,000 of them.</summary>
    public IReadOnlyList<TouchPoint> Touches
    {
        get { lock (Slot.Clock.Gate) return _touches?.Points ?? []; }
    }

    /// <summary>How many transactions of a kind there were since <see cref="CountTouches"/> was set, without bound.</summary>
    public long TouchesOf(BusOp op)
    {
        lock (Slot.Clock.Gate) return _touches?.Of(op) ?? 0;
    }

    /// <summary>What became of the rules so far: those at work, and those cleared.</summary>
    public IReadOnlyList<FaultTally> Tallies
    {
        get { lock (Slot.Clock.Gate) return [.. _past, .. _rules.Select(rule => rule.Tally)]; }
    }

    /// <summary>Adds a rule, from now on.</summary>
    /// <exception cref="FormatException">The target names no register of the device, or the rule could never strike.</exception>
    public void Add(FaultRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        lock (Slot.Clock.Gate) Add(new ArmedFault(rule, this, Slot));
    }

    /// <summary>Adds a rule whose effect is something done to the model, whatever effect it names.</summary>
    /// <param name="rule">What it strikes, and when.</param>
    /// <param name="act">Done under the lock: before a transaction that the machine sends, right after one that the device sends.</param>
    /// <exception cref="FormatException">The target names no register of the device, or the rule could never strike.</exception>
    public void Add(FaultRule rule, Action<PciDevice> act)
    {
        ArgumentNullException.ThrowIfNull(rule);
        ArgumentNullException.ThrowIfNull(act);
        lock (Slot.Clock.Gate) Add(new ArmedFault(rule, this, Slot, act));
    }

    /// <summary>Tells which entries of a trace are what a rule matches, its conditions left aside.</summary>
    /// <exception cref="FormatException">The target names no register of the device, or a structure, which a trace does not know.</exception>
    public Predicate<TraceEntry> Matcher(FaultRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        FaultGrammar.Check(rule);
        var place = new FaultPlace(rule, Slot);
        if (place.IsStructure) throw new FormatException($"'{rule.Target}' is a structure, and a trace knows only addresses.");
        return entry => entry.Kind == TraceKind.Transaction && rule.Covers(entry.Op) && (rule.Length == 0 || rule.Length == entry.Length)
            && place.Holds(entry.Op, entry.Bar, entry.Address, entry.Length);
    }

    /// <summary>The fields of the register that a rule names, for rules of their own: <c>REGISTER.Field</c>. Empty where it names no register.</summary>
    public IReadOnlyList<FieldInfo> FieldsOf(FaultRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        return FaultPlace.Fields(rule, Slot);
    }

    /// <summary>Takes every rule away and puts a removed card back. What is late still comes.</summary>
    public void Clear()
    {
        lock (Slot.Clock.Gate)
        {
            _past.AddRange(_rules.Select(rule => rule.Tally).Take(MostTallies - _past.Count));
            _rules.Clear();
            Presence.Return();
            Wake();
        }
    }

    /// <inheritdoc/>
    public override void Handle(ref BusTransaction transaction, BusPath next)
    {
        if (_busy) Judge(ref transaction, next);
        else next.Send(ref transaction);
    }

    /// <inheritdoc/>
    protected internal override void Attached(PciSlot slot)
    {
        if (_slot is not null) throw new InvalidOperationException("A fault injector belongs to one slot.");
        (_slot, _presence, _inFlight) = (slot, new Presence(slot, Wake), new InFlight(slot, this));
    }

    /// <inheritdoc/>
    protected internal override void Noted(NoteKind kind, string text)
    {
        if (kind is NoteKind.Stimulus or NoteKind.Timer)
            foreach (var rule in _rules) rule.Noted(text);
    }

    internal Presence Presence => _presence ?? throw NotYet();

    internal InFlight InFlight => _inFlight ?? throw NotYet();

    PciSlot Slot => _slot ?? throw NotYet();

    /// <summary>What is to be judged has changed.</summary>
    internal void Wake()
    {
        _watching = _rules.Exists(rule => rule.Strike is StaleStrike);
        _busy = _rules.Count > 0 || _touches is not null || Presence.IsGone || InFlight.IsHeld;
    }

    void Judge(ref BusTransaction transaction, BusPath next)
    {
        var inFlight = InFlight;
        if (inFlight.IsOwn)
        {
            next.Send(ref transaction);
            return;
        }
        if (Presence.IsGone)
        {
            transaction.Refuse(BusStatus.UnsupportedRequest);
            return;
        }
        _touches?.Add(ref transaction);
        if (inFlight.IsHeld) next = inFlight.Behind(transaction.Op, next);
        if (Decide(ref transaction) is { } rule) Apply(rule, ref transaction, next);
        else next.Send(ref transaction);
        if (inFlight.IsHeld) inFlight.Answered(transaction.Op);
        if (_watching)
            foreach (var other in _rules) other.Strike.Passed(ref transaction);
        if (inFlight.IsHeld) inFlight.Overtaken(transaction.IsDownstream);
    }

    ArmedFault? Decide(ref BusTransaction transaction)
    {
        ArmedFault? decided = null;
        foreach (var rule in _rules)
            if (rule.Matches(ref transaction) && rule.Hits(transaction.Op, _armed)) decided ??= rule;
        return decided;
    }

    void Apply(ArmedFault rule, ref BusTransaction transaction, BusPath next)
    {
        var hit = rule.Hit();
        Slot.Note(NoteKind.Fault, rule.Text);
        Injected?.Invoke(rule.Rule, hit);
        if (s_heard.Has(transaction.Op) && rule.Rule.Effect.Kind is not (FaultKind.Delay or FaultKind.Spurious or FaultKind.Do)) Slot.Misled = rule.Text;
        rule.Strike.On(ref transaction, next);
    }

    void Add(ArmedFault armed)
    {
        if (_rules.Count == MostRules) throw new FormatException($"There are {MostRules} fault rules already; clear them first.");
        if (_rules.Find(other => other.Shadows(armed)) is { } first)
            throw new FormatException($"The fault rule '{armed.Text}' can never strike: '{first.Text}' was there first, and decides whatever it matches.");
        _rules.Add(armed);
        Wake();
    }

    static InvalidOperationException NotYet() => new("The fault injector is not on a slot yet.");
}
