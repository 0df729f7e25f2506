using System.Globalization;

namespace Understudy.Testing;

/// <summary>Lengths of time as they are read: <c>5.Seconds()</c>.</summary>
public static class Durations
{
    /// <summary>How long what must happen may take, where nobody says.</summary>
    internal static TimeSpan Patience { get; } = TimeSpan.FromSeconds(20);

    /// <summary>So many seconds.</summary>
    public static TimeSpan Seconds(this int number) => TimeSpan.FromSeconds(number);

    /// <summary>So many milliseconds.</summary>
    public static TimeSpan Milliseconds(this int number) => TimeSpan.FromMilliseconds(number);

    internal static string InWords(this TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s");
}
