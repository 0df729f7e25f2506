namespace Understudy.Bench;

/// <summary>One line of a bench's table.</summary>
/// <param name="Case">What was done.</param>
/// <param name="Value">The median.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Bytes">Managed bytes allocated each time; null where that is not measured.</param>
/// <param name="Ratio">To the peer in the same run; null for the peer itself.</param>
/// <param name="Target">What it should be, in words; empty where nothing is asked.</param>
/// <param name="Met">Whether it is; null where nothing is asked.</param>
/// <param name="Low">The lowest of the rounds; null where that is not kept.</param>
/// <param name="High">The highest of the rounds.</param>
sealed record Measurement(string Case, double Value, string Unit, double? Bytes = null, double? Ratio = null, string Target = "", bool? Met = null,
    double? Low = null, double? High = null);
