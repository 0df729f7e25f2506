namespace Understudy.Pci;

/// <summary>A named timer of a model. Made once, armed often; a reset cancels it. Every effect that takes time is one of these, so "the
/// doorbell returned" and "the work is done" are always two events.</summary>
public sealed class DeviceTimer
{
    readonly DeviceClock _clock;
    readonly Action _callback;

    internal DeviceTimer(DeviceClock clock, string name, Action callback) => (_clock, Name, _callback) = (clock, name, callback);

    /// <summary>Its name in traces.</summary>
    public string Name { get; }

    /// <summary>It will fire unless it is cancelled.</summary>
    public bool IsArmed { get; internal set; }

    /// <summary>Fires once, so many nanoseconds of device time from now, and at least one: never at the instant that armed it. Arming an
    /// armed timer moves it.</summary>
    public void Arm(long nanoseconds) => _clock.Arm(this, nanoseconds);

    /// <summary>It will not fire.</summary>
    public void Cancel() => _clock.Cancel(this);

    internal void Fire() => _callback();
}
