using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Understudy.Verdict;

namespace Understudy.Runner.Suites;

/// <summary><c>summary.json</c> and <c>results.ktap</c> over all cells of one output directory. Each is replaced in one rename, so that
/// what is read is whole.</summary>
public static class SummaryFiles
{
    const int Schema = 1;

    const string SummaryName = "summary.json", KtapName = "results.ktap";

    static readonly JsonSerializerOptions s_pretty = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The summary as JSON.</summary>
    public static JsonObject Json(SuiteSummary summary) => new()
    {
        ["schema"] = Schema,
        ["command"] = summary.Request.Command,
        ["startedUtc"] = summary.StartedUtc.ToString("O"),
        ["seconds"] = Math.Round(summary.Seconds, 3),
        ["seed"] = summary.Request.Seed,
        ["exitCode"] = summary.ExitCode,
        ["interrupted"] = summary.Interrupted,
        ["notRun"] = summary.NotRun,
        ["diskFull"] = summary.Full,
        ["counts"] = new JsonObject(Enum.GetValues<Outcome>().Select(outcome => KeyValuePair.Create(outcome.Word(), (JsonNode?)summary.Count(outcome)))),
        ["cells"] = new JsonArray([.. summary.Results.Select(result => (JsonNode)Json(result, summary.Request.Output))]),
    };

    /// <summary>Writes both files as things stand.</summary>
    /// <exception cref="IOException">They cannot be written.</exception>
    internal static void Write(SuiteSummary summary)
    {
        Replace(summary.Request.Output, SummaryName, Json(summary).ToJsonString(s_pretty) + "\n");
        Replace(summary.Request.Output, KtapName, Ktap(summary.Results));
    }

    /// <summary>The cells that ended badly in the newest summary below a directory: those to run with "last failed".</summary>
    /// <returns>The test's path and the kernel of each; null when there is no summary there.</returns>
    public static IReadOnlySet<(string Test, string Kernel)>? LastFailed(string runs)
    {
        if (!Directory.Exists(runs)) return null;
        var newest = new DirectoryInfo(runs).EnumerateDirectories().Select(run => new FileInfo(Path.Combine(run.FullName, SummaryName)))
            .Where(file => file.Exists).OrderByDescending(file => file.LastWriteTimeUtc).FirstOrDefault();
        if (newest is null) return null;
        try
        {
            return BadOnes(JsonNode.Parse(File.ReadAllText(newest.FullName))?["cells"]?.AsArray() ?? []);
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"{newest.FullName} cannot be read: {unreadable.Message}", unreadable);
        }
    }

    static HashSet<(string Test, string Kernel)> BadOnes(JsonArray cells) => [.. cells
        .Where(cell => Enum.TryParse<Outcome>((string?)cell?["outcome"], ignoreCase: true, out var outcome) && !outcome.IsGood())
        .Select(cell => ((string?)cell!["path"] ?? "", (string?)cell["cell"] ?? (string?)cell["kernel"] ?? ""))];

    internal static string Ktap(IReadOnlyList<CellResult> results)
    {
        var text = new StringBuilder("KTAP version 1\n").Append("1..").Append(results.Count).Append('\n');
        foreach (var (result, index) in results.Select((result, index) => (result, index)))
        {
            text.Append(result.Outcome.IsGood() ? "ok " : "not ok ").Append(index + 1).Append(' ').Append(OneLine(result.Cell.Name).Replace('#', '.'));
            text.Append(result.Outcome switch
            {
                Outcome.Pass => "",
                Outcome.Skip => $" # SKIP {OneLine(result.Verdict.Reason)}",
                var outcome => $" # {outcome.Word().ToUpperInvariant()} {OneLine(result.Verdict.Reason)}",
            }).Append('\n');
        }
        return text.ToString();
    }

    static JsonObject Json(CellResult result, string output) => new()
    {
        ["test"] = result.Cell.Test.FullName,
        ["path"] = result.Cell.Test.Path,
        ["kernel"] = result.Cell.Kernel, ["cell"] = result.Cell.Place,
        ["repeat"] = result.Cell.Repeat,
        ["seed"] = result.Cell.Seed,
        ["outcome"] = result.Outcome.Word(),
        ["reason"] = result.Verdict.Reason,
        ["seconds"] = Math.Round(result.Seconds, 3),
        ["directory"] = Path.GetRelativePath(output, result.Directory),
        ["reproduce"] = result.Cell.Reproduce,
        ["firstBroke"] = result.FirstBroke,
    };

    static void Replace(string directory, string name, string text)
    {
        var draft = Path.Combine(directory, $".{name}.new");
        try
        {
            File.WriteAllText(draft, text);
            File.Move(draft, Path.Combine(directory, name), overwrite: true);
        }
        catch (IOException)
        {
            File.Delete(draft);
            throw;
        }
    }

    static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
}
