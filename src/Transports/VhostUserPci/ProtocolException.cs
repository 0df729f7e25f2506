namespace Understudy.Transports.VhostUserPci;

/// <summary>The front end broke the protocol so that the conversation cannot go on.</summary>
sealed class ProtocolException(string message) : Exception(message);
