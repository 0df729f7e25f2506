namespace Understudy.Boards;

/// <summary>The lab failed: we, QEMU, the host. Never counts against the driver under test.</summary>
public sealed class LabFailedException : Exception
{
    /// <summary>A failure described by <paramref name="message"/>.</summary>
    public LabFailedException(string message) : base(message) { }

    /// <summary>A failure with its cause.</summary>
    public LabFailedException(string message, Exception cause) : base(message, cause) { }
}
