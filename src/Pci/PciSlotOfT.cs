using System.Runtime.CompilerServices;

namespace Understudy.Pci;

/// <summary>A slot whose device a test can reach: every touch from outside is one step, under the lock, in the trace.</summary>
/// <typeparam name="T">The device's type.</typeparam>
public sealed class PciSlot<T>(IPciBus bus, T device, IReadOnlyList<BusInterceptor>? interceptors = null, int seed = 0)
    : PciSlot(bus, device, interceptors, seed) where T : PciDevice
{
    /// <summary>Does something to the device, as an operator or the outside world would. Its own text is the trace's stimulus line.
    /// Exceptions come back to the caller.</summary>
    public void Do(Action<T> action, [CallerArgumentExpression(nameof(action))] string text = "") => Stimulate(text, _ =>
    {
        action(device);
        return 0;
    });

    /// <summary>Asks the device something, under the lock.</summary>
    public TResult Ask<TResult>(Func<T, TResult> question)
    {
        lock (Clock.Gate) return question(device);
    }
}
