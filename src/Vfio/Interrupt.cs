using Understudy.Linux;

namespace Understudy.Vfio;

/// <summary>One interrupt of a device, while its <see cref="InterruptSet"/> is enabled. It counts: what comes while nobody waits is there for
/// the next one who does.</summary>
public sealed class Interrupt
{
    readonly IDeviceBacking _device;
    readonly InterruptKind _kind;

    internal Interrupt(IDeviceBacking device, InterruptKind kind, int vector, EventFd fired) => (_device, _kind, Vector, Event) = (device, kind, vector, fired);

    /// <summary>Its vector.</summary>
    public int Vector { get; }

    internal EventFd Event { get; }

    /// <summary>How often it has fired since it was last asked; does not wait.</summary>
    public ulong Take() => Event.Take();

    /// <summary>Waits until it fires, and takes what has come.</summary>
    /// <returns>How often it fired; 0 when the time went by first. Allocates nothing.</returns>
    public ulong Wait(TimeSpan timeout) => Event.WaitReadable(timeout) ? Event.Take() : 0;

    /// <summary>Waits until it fires, without holding this thread.</summary>
    /// <inheritdoc cref="Wait"/>
    public async Task<ulong> WaitAsync(TimeSpan timeout) => Take() is > 0 and var fired ? fired : await Task.Run(() => Wait(timeout)).ConfigureAwait(false);

    /// <summary>It must stay silent for so long.</summary>
    /// <exception cref="VfioException">It fired; the message says how often.</exception>
    public void MustNotFire(TimeSpan within)
    {
        if (Wait(within) is > 0 and var fired) throw new VfioException($"{_device.Name}: {_kind} vector {Vector} fired {fired} time{(fired == 1 ? "" : "s")}, and should not have");
    }

    /// <summary>Fires it without the device (VFIO_IRQ_SET_ACTION_TRIGGER).</summary>
    public void Trigger() => _device.Trigger(_kind, Vector);

    /// <summary>Masks the pin; only INTx may be masked.</summary>
    public void Mask() => _device.Mask(_kind, masked: true);

    /// <summary>Unmasks it: after an INTx has fired, that is how the kernel is told that it has been dealt with.</summary>
    public void Unmask() => _device.Mask(_kind, masked: false);
}
