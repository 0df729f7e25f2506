using System.Text.Json.Serialization;

namespace Understudy.Verdict;

/// <summary>What a finding means for the run it was made in.</summary>
[JsonConverter(typeof(CamelCase<Severity>))]
public enum Severity
{
    /// <summary>Worth showing; changes nothing.</summary>
    Info,

    /// <summary>Worth a look; does not fail a run by itself.</summary>
    Warning,

    /// <summary>Fails the run, however well its steps went.</summary>
    Error,

    /// <summary>Fails the run, and the kernel cannot be trusted after it.</summary>
    Fatal,
}
