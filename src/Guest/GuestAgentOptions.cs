namespace Understudy.Guest;

/// <summary>What the host brings to a connection with a guest.</summary>
public sealed record GuestAgentOptions
{
    /// <summary>
    /// Answers <c>device NAME WORDS...</c> in the guest; null answers that there is nobody to ask. Called on the thread pool, several
    /// at a time if the guest asks so; an exception becomes an answer with exit code 1.
    /// </summary>
    public Func<DeviceCommand, Task<DeviceReply>>? OnDeviceCommand { get; init; }

    /// <summary>Told who waits for whom, where the guest's time passes by that; null where it passes by itself.</summary>
    public IGuestTime? Time { get; init; }

    /// <summary>The clock of time stamps and durations.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
