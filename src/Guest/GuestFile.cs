namespace Understudy.Guest;

/// <summary>A file of the host that is to lie in the guest from the start.</summary>
/// <param name="GuestPath">The absolute path in the guest.</param>
/// <param name="HostPath">The file on the host.</param>
/// <param name="Mode">Its permissions in the guest; null takes the host file's.</param>
public sealed record GuestFile(string GuestPath, string HostPath, UnixFileMode? Mode = null);
