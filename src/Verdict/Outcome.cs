using System.Text.Json.Serialization;

namespace Understudy.Verdict;

/// <summary>How a step or a whole run ended. The three ways of not passing are never confused.</summary>
[JsonConverter(typeof(CamelCase<Outcome>))]
public enum Outcome
{
    /// <summary>Everything that was asked happened.</summary>
    Pass,

    /// <summary>The driver or the kernel under test failed.</summary>
    Fail,

    /// <summary>Not run, for a reason that is stated.</summary>
    Skip,

    /// <summary>The lab failed: nothing is said about the driver.</summary>
    Broken,
}
