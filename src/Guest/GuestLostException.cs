namespace Understudy.Guest;

/// <summary>
/// The guest cannot be reached any more: its channel closed, or carried what is not the protocol. It crashed, was powered off, or the
/// lab broke; what the machine under it says decides which.
/// </summary>
public sealed class GuestLostException(string message, Exception? cause = null) : Exception(message, cause);
