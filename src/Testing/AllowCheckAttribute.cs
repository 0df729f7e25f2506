namespace Understudy.Testing;

/// <summary>A check of the bus whose findings are no more than a remark, in a test or in any test of a class.</summary>
/// <param name="check">Its name, one of those in docs/bus-checks.md.</param>
/// <param name="reason">Why the driver may do that; shown in the report.</param>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class, AllowMultiple = true)]
public sealed class AllowCheckAttribute(string check, string reason) : Attribute
{
    /// <summary>The check's name.</summary>
    public string Check => check;

    /// <summary>Why the driver may do that.</summary>
    public string Reason => reason;
}
