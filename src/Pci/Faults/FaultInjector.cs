namespace Understudy.Pci;

/// <summary>Turns a working bus into a bad one, by rules that are data. The first rule that hits a transaction decides. A count starts when
/// its rule is added.</summary>
public sealed class FaultInjector : BusInterceptor
{
    readonly List<Armed> _rules = [];
    PciSlot? _slot;
    bool _removed;

    /// <summary>Called under the lock for every fault as it happens, with the rule and the number of its hit.</summary>
    public Action<FaultRule, int>? Injected { get; set; }

    /// <summary>Adds a rule, from now on.</summary>
    /// <exception cref="FormatException">The target names no register of the device.</exception>
    public void Add(FaultRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        lock (Slot.Clock.Gate) _rules.Add(new Armed(rule, Slot));
    }

    /// <summary>Takes every rule away and puts a removed card back.</summary>
    public void Clear()
    {
        lock (Slot.Clock.Gate)
        {
            _rules.Clear();
            _removed = false;
        }
    }

    /// <inheritdoc/>
    public override void Handle(ref BusTransaction transaction, BusPath next)
    {
        if (_removed)
        {
            transaction.Status = BusStatus.UnsupportedRequest;
            return;
        }
        foreach (var rule in _rules)
        {
            if (!rule.Hits(ref transaction, Slot.Random)) continue;
            Injected?.Invoke(rule.Rule, rule.Injected);
            Apply(rule.Rule.Effect, ref transaction, next);
            return;
        }
        next.Send(ref transaction);
    }

    /// <inheritdoc/>
    protected internal override void Attached(PciSlot slot) => _slot = slot;

    PciSlot Slot => _slot ?? throw new InvalidOperationException("The fault injector is not on a slot yet.");

    void Apply(FaultEffect effect, ref BusTransaction transaction, BusPath next)
    {
        switch (effect.Kind)
        {
            case FaultKind.Drop: transaction.Status = BusStatus.Dropped; break;
            case FaultKind.Fail: transaction.Status = BusStatus.UnsupportedRequest; break;
            case FaultKind.Remove: _removed = true; transaction.Status = BusStatus.UnsupportedRequest; break;
            case FaultKind.Duplicate: next.Send(ref transaction); next.Send(ref transaction); break;
            case FaultKind.Value: next.Send(ref transaction); Overlay(transaction.ReadData, effect.Value, keep: false); break;
            case FaultKind.Flip: next.Send(ref transaction); Overlay(transaction.ReadData, effect.Value, keep: true); break;
        }
    }

    static void Overlay(Span<byte> data, ulong value, bool keep)
    {
        for (var i = 0; i < data.Length && i < 8; i++) data[i] = (byte)((keep ? data[i] : 0) ^ (byte)(value >> (8 * i)));
    }

    sealed class Armed
    {
        readonly ulong _first, _last;
        readonly int _bar = -1;
        int _matches;

        public Armed(FaultRule rule, PciSlot slot)
        {
            Rule = rule;
            (_first, _last) = (0, ulong.MaxValue);
            if (rule.Target == "*") return;
            if (FaultRule.TryNumber(rule.Target) is { } number) (_first, _last) = (number, number);
            else (_bar, _first, _last) = Locate(rule, slot);
        }

        public FaultRule Rule { get; }

        public int Injected { get; private set; }

        public bool Hits(ref BusTransaction transaction, Random random)
        {
            if (transaction.Op != Rule.Op || transaction.Address > _last || transaction.Address + (ulong)Math.Max(transaction.Length, 1) <= _first) return false;
            if (_bar >= 0 && transaction.Bar != _bar) return false;
            _matches++;
            if (Rule.Nth > 0 && _matches != Rule.Nth || Rule.Every > 0 && _matches % Rule.Every != 0) return false;
            if (Rule.Probability < 1 && random.NextDouble() >= Rule.Probability) return false;
            Injected++;
            return true;
        }

        static (int Bar, ulong First, ulong Last) Locate(FaultRule rule, PciSlot slot)
        {
            foreach (var (bar, map) in Maps(rule, slot))
                foreach (var register in map.Registers)
                    if (string.Equals(register.ToString(), rule.Target, StringComparison.OrdinalIgnoreCase))
                        return (bar, (ulong)register.Offset, (ulong)(register.Offset + register.Bytes - 1));
            throw new FormatException($"The fault rule '{rule}' names '{rule.Target}', which is no register of {slot.Device.GetType().Name}; write BLOCK.Register, a number, or *.");
        }

        static IEnumerable<(int Bar, RegisterMap Map)> Maps(FaultRule rule, PciSlot slot)
            => rule.Op <= BusOp.ConfigWrite ? [(-1, slot.ConfigMap)] : slot.Device.Bars.OfType<PciBar>().Select(bar => (bar.Index, bar.Registers.Map));
    }
}
