using System.Text.Json.Serialization;

namespace Understudy.Verdict;

/// <summary>How a step, a test or a whole run ended. The ways of not passing are never confused (docs/run-directory.md).</summary>
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

    /// <summary>Failed, as the test said it would.</summary>
    [JsonStringEnumMemberName("xfail")]
    XFail,

    /// <summary>Passed, although the test said it would fail: what it says of the driver is out of date.</summary>
    [JsonStringEnumMemberName("xpass")]
    XPass,

    /// <summary>The test itself broke: nothing is said about the driver.</summary>
    Error,
}
