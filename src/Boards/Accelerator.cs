namespace Understudy.Boards;

/// <summary>What runs the guest's instructions.</summary>
/// <param name="Name"><c>kvm</c> or <c>tcg</c>.</param>
/// <param name="Reason">Why it was chosen, in words for a report.</param>
public sealed record Accelerator(string Name, string Reason);
