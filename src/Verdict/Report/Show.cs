using System.Globalization;

namespace Understudy.Verdict.Report;

/// <summary>Figures as people read them.</summary>
static class Show
{
    public static string Duration(double seconds) => seconds switch
    {
        < 0.0009995 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e6:F0} µs"),
        < 0.9995 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e3:F0} ms"),
        < 60 => string.Create(CultureInfo.InvariantCulture, $"{seconds:F2} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)seconds / 60} min {seconds % 60:F0} s"),
    };

    public static string Percent(double part, double whole) =>
        string.Create(CultureInfo.InvariantCulture, $"{(whole <= 0 ? 0 : Math.Clamp(100 * part / whole, 0, 100)):F3}%");

    public static string Seconds(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds:F3}");
}
