using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Understudy.Bench;

/// <summary>Results as a table for people or as one JSON document for programs.</summary>
static class Report
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    static readonly string[] s_columns = ["case", "median", "range", "B each", "ratio", "target", ""];

    // For lines that are shown before the next is known.
    static readonly int[] s_widths = [52, 13, 18, 0, 7, 20, 0];

    public static void Title(IBench bench) => Console.WriteLine($"{bench.Name}: {bench.What}");

    public static void Table(IBench bench, IReadOnlyList<Measurement> results)
    {
        Title(bench);
        string[][] rows = [s_columns, .. results.Select(Cells)];
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows) Print(row, widths);
        Console.WriteLine();
    }

    /// <summary>One line of a bench that tells each as it is measured.</summary>
    public static void Line(Measurement one) => Print(Cells(one), s_widths);

    static string[] Cells(Measurement one) =>
    [
        one.Case, $"{Number(one.Value)} {one.Unit}", one.Low is null ? "" : $"{Number(one.Low)} to {Number(one.High)}", Number(one.Bytes),
        one.Ratio is null ? "" : Number(one.Ratio) + "x", one.Target, one.Met switch { true => "met", false => "MISSED", null => "" },
    ];

    static void Print(string[] row, int[] widths)
        => Console.WriteLine("  " + string.Join("  ", row.Select((cell, i) => i is 0 or > 4 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]))).TrimEnd());

    public static void Document(IReadOnlyDictionary<string, IReadOnlyList<Measurement>> results)
        => Console.WriteLine(JsonSerializer.Serialize(new { host = Environment.ProcessorCount + " cores", runtime = Environment.Version.ToString(), results }, Json));

    static string Number(double? value) => value is null ? "" : value.Value.ToString(Math.Abs(value.Value) < 10 ? "0.##" : "0.#", CultureInfo.InvariantCulture);
}
