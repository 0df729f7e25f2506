using Understudy.Pci;

namespace Understudy.Testing;

/// <summary>One line of a card's trace.</summary>
/// <param name="Entry">As it was recorded.</param>
/// <param name="Text">In words: register and field names, values; what a stimulus, a timer or a finding says.</param>
public readonly record struct TraceLine(TraceEntry Entry, string Text)
{
    /// <summary>As a report shows it.</summary>
    public override string ToString() => FormattableString.Invariant($"{Entry.DeviceTime,12} ns {(Entry.Kind == TraceKind.Transaction ? "" : $"-- {Entry.Kind}: ")}{Text}");
}
