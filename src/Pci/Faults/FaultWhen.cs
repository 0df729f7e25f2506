namespace Understudy.Pci;

/// <summary>Which of the matching transactions a rule strikes. Counts and times begin when the rule is added, or at the event it waits for;
/// every match since then counts, whether another rule struck it or not.</summary>
/// <param name="Nth">Only the n-th match, counted from 1; 0 for no such limit.</param>
/// <param name="Every">Every n-th match; 0 for no such limit.</param>
/// <param name="Probability">Each match with this probability, from the run's seed.</param>
/// <param name="From">Not before so many nanoseconds of device time; matches before that do not count.</param>
/// <param name="To">Not from so many nanoseconds of device time on; 0 for no end.</param>
/// <param name="After">The rule begins at the first stimulus or timer whose text holds this; empty for at once.</param>
/// <param name="Once">It strikes one time.</param>
/// <param name="Armed">It sleeps whenever the injector is not <see cref="FaultInjector.Armed"/>, and counts from arming.</param>
public sealed record FaultWhen(
    int Nth = 0, int Every = 0, double Probability = 1, long From = 0, long To = 0, string After = "", bool Once = false, bool Armed = false)
{
    /// <summary>Every match.</summary>
    public static FaultWhen Always { get; } = new();
}
