namespace Understudy.Testing;

/// <summary>A complaint of the kernel that does not fail a test, or any test of a class.</summary>
/// <param name="pattern">A regular expression, found in the finding's title or one of its lines.</param>
/// <param name="reason">Why it may be there; shown in the report.</param>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class, AllowMultiple = true)]
public sealed class AllowLogAttribute(string pattern, string reason) : Attribute
{
    /// <summary>A regular expression, found in the finding's title or one of its lines.</summary>
    public string Pattern => pattern;

    /// <summary>Why it may be there.</summary>
    public string Reason => reason;
}
