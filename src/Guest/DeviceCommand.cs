namespace Understudy.Guest;

/// <summary>What somebody in the guest asks of a device model by <c>device NAME WORDS...</c>.</summary>
/// <param name="Device">The name of the device.</param>
/// <param name="Words">What follows it. They come from the guest: anything may stand in them.</param>
public sealed record DeviceCommand(string Device, IReadOnlyList<string> Words);
