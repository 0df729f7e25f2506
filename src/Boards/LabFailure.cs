namespace Understudy.Boards;

/// <summary>The lab failed: we, QEMU, the host. Never counts against the driver under test.</summary>
public sealed class LabFailure : Exception
{
    /// <summary>A failure described by <paramref name="message"/>.</summary>
    public LabFailure(string message) : base(message) { }

    /// <summary>A failure with its cause.</summary>
    public LabFailure(string message, Exception cause) : base(message, cause) { }
}
