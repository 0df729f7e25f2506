namespace Understudy.Transports.Serving;

/// <summary>The other side broke the protocol so that the conversation cannot go on.</summary>
sealed class ProtocolException(string message) : Exception(message);
