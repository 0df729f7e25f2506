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

    public static void Table(IBench bench, IReadOnlyList<Measurement> results)
    {
        Console.WriteLine($"{bench.Name}: {bench.What}");
        string[][] rows =
        [
            ["case", "median", "range", "B each", "ratio", "target", ""],
            .. results.Select(one => new[]
            {
                one.Case, $"{Number(one.Value)} {one.Unit}", one.Low is null ? "" : $"{Number(one.Low)} to {Number(one.High)}", Number(one.Bytes),
                one.Ratio is null ? "" : Number(one.Ratio) + "x",
                one.Target, one.Met switch { true => "met", false => "MISSED", null => "" },
            }),
        ];
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
            Console.WriteLine("  " + string.Join("  ", row.Select((cell, i) => i is 0 or > 4 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]))).TrimEnd());
        Console.WriteLine();
    }

    public static void Document(IReadOnlyDictionary<string, IReadOnlyList<Measurement>> results)
        => Console.WriteLine(JsonSerializer.Serialize(new { host = Environment.ProcessorCount + " cores", runtime = Environment.Version.ToString(), results }, Json));

    static string Number(double? value) => value is null ? "" : value.Value.ToString(Math.Abs(value.Value) < 10 ? "0.##" : "0.#", CultureInfo.InvariantCulture);
}
