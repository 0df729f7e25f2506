namespace Understudy.Verdict.Rules;

/// <summary>All rules; the first that matches a line wins, so the particular stand before the general.</summary>
public static class KernelRules
{
    /// <summary>The built-in rules.</summary>
    public static IReadOnlyList<KernelRule> All { get; } =
    [
        .. SanitizerRules.All, .. HangRules.All, .. LockingRules.All, .. MemoryRules.All, .. DeviceRules.All, .. ModuleRules.All,
        .. OopsRules.All,
    ];
}
