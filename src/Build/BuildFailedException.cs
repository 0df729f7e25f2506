namespace Understudy.Build;

/// <summary>The sources cannot be built as they are: what the compiler, the linker or the configuration objects to is the author's to mend. That
/// a tool or a package is missing is a <see cref="Toolchain.ToolchainException"/>.</summary>
/// <param name="message">What failed, and the first real error.</param>
/// <param name="messages">Errors and warnings in their order; empty when nothing of the log could be read as one.</param>
/// <param name="log">Path of the whole log; null when nothing ran.</param>
public sealed class BuildFailedException(string message, IReadOnlyList<CompilerMessage>? messages = null, string? log = null) : Exception(message)
{
    /// <summary>Errors and warnings in their order.</summary>
    public IReadOnlyList<CompilerMessage> Messages { get; } = messages ?? [];

    /// <summary>Path of the whole log; null when nothing ran.</summary>
    public string? Log { get; } = log;
}
