namespace Understudy.Cli;

/// <summary>The user asked for something that cannot be: told as a usage error.</summary>
sealed class UsageException(string message) : Exception(message);
