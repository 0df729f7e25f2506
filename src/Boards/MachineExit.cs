namespace Understudy.Boards;

/// <summary>How a machine ended.</summary>
/// <param name="Reason">The kind of end.</param>
/// <param name="Detail">What is known beyond it, such as the last words of QEMU; may be empty.</param>
public sealed record MachineExit(MachineExitReason Reason, string Detail);
