namespace Understudy.Testing;

/// <summary>The lab failed: QEMU, the host, the network, a model that crashed. Nothing is said about the driver.</summary>
/// <param name="message">What broke.</param>
public sealed class LabBrokenException(string message) : Exception(message);
