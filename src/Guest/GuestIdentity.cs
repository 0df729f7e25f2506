namespace Understudy.Guest;

/// <summary>What the agent said of its guest when the connection was made.</summary>
/// <param name="ProtocolVersion">Version of docs/guest-protocol.md both sides speak.</param>
/// <param name="KernelRelease">As <c>uname -r</c> gives it.</param>
/// <param name="CommandLine">The kernel's command line.</param>
/// <param name="Uptime">How long the guest ran by then, by its own clock.</param>
public sealed record GuestIdentity(int ProtocolVersion, string KernelRelease, string CommandLine, TimeSpan Uptime);
