namespace Understudy.Vfio.Cases;

/// <summary>A case cannot be tried here; the message says why.</summary>
public sealed class CaseSkippedException(string reason) : Exception(reason);
