namespace Understudy.Guest;

/// <summary>The answer to a <see cref="DeviceCommand"/>.</summary>
/// <param name="Text">Printed in the guest as it stands; at most 256 KiB in UTF-8.</param>
/// <param name="ExitCode">The exit code of the command in the guest, 0 to 255.</param>
public sealed record DeviceReply(string Text, int ExitCode = 0);
