namespace Understudy.Transports.VfioUser;

/// <summary>The client broke the protocol so that the conversation cannot go on.</summary>
sealed class ProtocolException(string message) : Exception(message);
