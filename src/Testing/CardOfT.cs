using System.Runtime.CompilerServices;
using Understudy.Pci;
using Understudy.Runner.Suites;

namespace Understudy.Testing;

/// <summary>A test's hand on a device in its rig.</summary>
/// <typeparam name="T">The model.</typeparam>
public sealed class Card<T> where T : PciDevice
{
    PluggedDevice? _plugged;
    CardTrace? _trace;

    internal Card(string name) => Name = name;

    /// <summary>What it answers to in the guest.</summary>
    public string Name { get; }

    /// <summary>What crossed its bus.</summary>
    public CardTrace Trace => _trace ?? throw NotYet();

    /// <summary>What the bus has found so far: accesses outside the datasheet, DMA to nowhere, a model that crashed. An error among them
    /// fails the test by itself.</summary>
    public IReadOnlyList<BusFinding> Findings => Plugged.Slot.Findings;

    /// <summary>Does something to the device, as an operator or the outside world would; one step, under the bus's lock. Its own text is the
    /// trace's stimulus line. Exceptions come back to the caller.</summary>
    public void Do(Action<T> action, [CallerArgumentExpression(nameof(action))] string text = "") => Plugged.Slot.Stimulate(text, model =>
    {
        action((T)model);
        return 0;
    });

    /// <summary>Asks the device something, under the bus's lock.</summary>
    public TResult Ask<TResult>(Func<T, TResult> question)
    {
        lock (Plugged.Slot.Clock.Gate) return question((T)Plugged.Slot.Device);
    }

    /// <summary>Breaks its bus from now on, by a rule as in a <c>faults</c> file: <c>irq 0 every=5 -> drop</c>.</summary>
    /// <exception cref="FormatException">It is no rule, or names no register of the device; the message says what would be right.</exception>
    public void Fault(string rule) => Plugged.Faults.Add(FaultRule.Parse(rule));

    /// <summary>Does something to the model each time its bus carries what the words before a rule's arrow say:
    /// <c>Fault("mmio-write RTL8111.TxPoll nth=2", n => n.FailNextTransmit())</c>.</summary>
    /// <param name="match">Operation, target and conditions.</param>
    /// <param name="action">What is done: before what the driver does, right after what the device does.</param>
    /// <param name="text">What the trace says of it.</param>
    /// <exception cref="FormatException">It is no match, or names no register of the device.</exception>
    public void Fault(string match, Action<T> action, [CallerArgumentExpression(nameof(action))] string text = "")
    {
        ArgumentNullException.ThrowIfNull(action);
        var rule = FaultRule.Parse($"{match} -> drop") with { Effect = new FaultEffect(FaultKind.Do, 0, text) };
        Plugged.Faults.Add(rule, model => action((T)model));
    }

    /// <summary>Rules that say <c>armed</c> may strike; each change to true starts their counts anew.</summary>
    public bool FaultsArmed
    {
        get => Plugged.Faults.Armed;
        set => Plugged.Faults.Armed = value;
    }

    /// <summary>What became of its rules: how often each matched, and struck.</summary>
    public IReadOnlyList<FaultTally> Faults => Plugged.Faults.Tallies;

    /// <summary>Mends its bus: no rule strikes any more, and a card that was removed is back.</summary>
    public void ClearFaults() => Plugged.Faults.Clear();

    internal void Attach(PluggedDevice plugged) => (_plugged, _trace) = (plugged, new CardTrace(plugged));

    PluggedDevice Plugged => _plugged ?? throw NotYet();

    InvalidOperationException NotYet() => new($"'{Name}' is in no machine yet: the rig has not been started.");
}
