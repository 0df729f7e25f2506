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

    /// <summary>Refuses a rule that <see cref="Add"/> would refuse, and does nothing else.</summary>
    /// <exception cref="FormatException">The target names no register of the device.</exception>
    public void Check(FaultRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        _ = new Armed(rule, Slot);
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
            transaction.Refuse(BusStatus.UnsupportedRequest);
            return;
        }
        foreach (var rule in _rules)
        {
            if (rule.Op != transaction.Op || !rule.Hits(ref transaction, Slot.Random)) continue;
            Injected?.Invoke(rule.Rule, rule.Injected);
            Apply(rule, ref transaction, next);
            return;
        }
        next.Send(ref transaction);
    }

    /// <inheritdoc/>
    protected internal override void Attached(PciSlot slot)
    {
        if (_slot is not null) throw new InvalidOperationException("A fault injector belongs to one slot.");
        _slot = slot;
    }

    PciSlot Slot => _slot ?? throw new InvalidOperationException("The fault injector is not on a slot yet.");

    void Apply(Armed rule, ref BusTransaction transaction, BusPath next)
    {
        switch (rule.Rule.Effect.Kind)
        {
            case FaultKind.Drop: transaction.Refuse(BusStatus.Dropped); break;
            case FaultKind.Fail: transaction.Refuse(BusStatus.UnsupportedRequest); break;
            case FaultKind.Remove: Remove(ref transaction); break;
            case FaultKind.Duplicate: next.Send(ref transaction); next.Send(ref transaction); break;
            case FaultKind.Value: next.Send(ref transaction); rule.Overlay(ref transaction, keep: false); break;
            case FaultKind.Flip: next.Send(ref transaction); rule.Overlay(ref transaction, keep: true); break;
        }
    }

    void Remove(ref BusTransaction transaction)
    {
        _removed = true;
        Slot.Pulled();
        transaction.Refuse(BusStatus.UnsupportedRequest);
    }

    sealed class Armed
    {
        readonly ulong _first, _last, _width = 8;
        readonly int _bar = -1;
        int _matches;

        public Armed(FaultRule rule, PciSlot slot)
        {
            (Rule, Op) = (rule, rule.Op);
            rule.Check();
            (_first, _last) = (0, ulong.MaxValue);
            if (rule.Target == "*") return;
            if (FaultRule.TryNumber(rule.Target) is { } number) (_first, _last) = (number, number);
            else
            {
                (_bar, _first, _last) = Locate(rule, slot);
                _width = _last - _first + 1;
            }
        }

        public FaultRule Rule { get; }

        public BusOp Op { get; }

        public int Injected { get; private set; }

        public bool Hits(ref BusTransaction transaction, Random random)
        {
            if (transaction.Address > _last) return false;
            if (transaction.Address < _first && _first - transaction.Address >= (ulong)transaction.Length) return false;
            if (_bar >= 0 && transaction.Bar != _bar) return false;
            _matches++;
            if (Rule.Nth > 0 && _matches != Rule.Nth || Rule.Every > 0 && _matches % Rule.Every != 0) return false;
            if (Rule.Probability < 1 && random.NextDouble() >= Rule.Probability) return false;
            Injected++;
            return true;
        }

        /// <summary>Puts the rule's value where its target lies in what was read.</summary>
        public void Overlay(ref BusTransaction transaction, bool keep)
        {
            var start = Rule.Target == "*" ? transaction.Address : _first;
            for (var i = 0; i < transaction.ReadData.Length; i++)
            {
                var lane = transaction.Address + (ulong)i - start;
                if (lane >= _width) continue;
                ref var seen = ref transaction.ReadData[i];
                seen = (byte)((keep ? seen : 0) ^ (byte)(Rule.Effect.Value >> (int)(8 * lane)));
            }
        }

        static (int Bar, ulong First, ulong Last) Locate(FaultRule rule, PciSlot slot)
        {
            foreach (var (bar, start, map) in Maps(rule, slot))
                foreach (var (register, at, path) in map.Everything())
                    if (string.Equals(path, rule.Target, StringComparison.OrdinalIgnoreCase))
                        return (bar, (ulong)(start + at), (ulong)(start + at + register.Bytes - 1));
            throw new FormatException($"The fault rule '{rule}' names '{rule.Target}', which is no register of {slot.Device.GetType().Name} that a {rule.Op} can reach; write BLOCK.Register, a number, or *.");
        }

        static IEnumerable<(int Bar, int Start, RegisterMap Map)> Maps(FaultRule rule, PciSlot slot) => rule.Op switch
        {
            BusOp.ConfigRead or BusOp.ConfigWrite => [(-1, 0, slot.ConfigMap)],
            BusOp.MmioRead or BusOp.MmioWrite => slot.Maps(),
            _ => [],
        };
    }
}
