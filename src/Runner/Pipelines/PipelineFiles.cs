using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Understudy.Verdict;
using Understudy.Verdict.Report;

namespace Understudy.Runner.Pipelines;

/// <summary><c>pipeline.json</c> and <c>pipeline.html</c> in the directory of a run.</summary>
public static class PipelineFiles
{
    const int Schema = 1;

    /// <summary>Names of the two.</summary>
    public const string Summary = "pipeline.json", Page = "pipeline.html";

    static readonly JsonSerializerOptions s_pretty = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The summary as JSON.</summary>
    public static JsonObject Json(PipelineSummary summary)
    {
        ArgumentNullException.ThrowIfNull(summary);
        return new()
        {
            ["schema"] = Schema,
            ["pipeline"] = Path.GetRelativePath(Environment.CurrentDirectory, summary.Request.Pipeline.File),
            ["hash"] = Hash(summary.Request.Pipeline),
            ["command"] = summary.Request.Command,
            ["startedUtc"] = summary.StartedUtc.ToString("O"),
            ["seconds"] = Math.Round(summary.Seconds, 3),
            ["seed"] = summary.Request.Seed,
            ["exitCode"] = summary.ExitCode,
            ["interrupted"] = summary.Interrupted,
            ["over"] = summary.Over,
            ["cells"] = new JsonArray([.. summary.Results.Select(result => (JsonNode)Json(result, summary.Request))]),
        };
    }

    static JsonObject Json(PipelineResult result, PipelineRequest request) => new()
    {
        ["name"] = result.Cell.Name,
        ["phase"] = result.Cell.Phase,
        ["step"] = result.Cell.Step.Name,
        ["kind"] = result.Cell.Step.Kind.ToString().ToLowerInvariant(),
        ["axes"] = new JsonObject(result.Cell.Values.Select(at => KeyValuePair.Create(at.Axis.Name, (JsonNode?)at.Value.Name))),
        ["outcome"] = result.Verdict?.Outcome.Word(),
        ["builtOnly"] = result.Verdict?.BuiltOnly ?? false,
        ["reason"] = result.Verdict?.Reason ?? result.WhyNot,
        ["evidence"] = new JsonArray([.. (result.Verdict?.Evidence ?? []).Select(line => (JsonNode)line)]),
        ["seconds"] = Math.Round(result.Seconds, 3),
        ["directory"] = result.Directory is { } directory ? Path.GetRelativePath(Path.GetFullPath(request.Output), directory) : null,
        ["page"] = result.Verdict?.Page,
        ["kept"] = result.Kept,
        ["reproduce"] = request.CommandFor(result.Cell),
    };

    /// <summary>Writes both files as things stand, each in one rename.</summary>
    /// <exception cref="IOException">They cannot be written.</exception>
    internal static void Write(PipelineSummary summary)
    {
        var output = Path.GetFullPath(summary.Request.Output);
        HtmlPage.Write(Path.Combine(output, Summary), Json(summary).ToJsonString(s_pretty) + "\n");
        HtmlPage.Write(Path.Combine(output, Page), PipelineReport.Render(summary));
    }

    /// <summary>What ended well in a run of the same pipeline, so that it can be gone on with.</summary>
    /// <param name="directory">The run's directory.</param>
    /// <param name="pipeline">The pipeline as it is now.</param>
    /// <param name="cells">Its cells that are to run.</param>
    /// <exception cref="InvalidDataException">There is no such run, or it is of another pipeline.</exception>
    public static IReadOnlyList<PipelineResult> Kept(string directory, Pipeline pipeline, IReadOnlyList<PipelineCell> cells)
    {
        var file = Path.Combine(directory, Summary);
        if (!File.Exists(file)) throw new InvalidDataException($"there is no {Summary} in {directory}: give the directory of a run of this pipeline");
        try
        {
            var run = JsonNode.Parse(File.ReadAllText(file))!;
            if ((string?)run["hash"] != Hash(pipeline)) throw new InvalidDataException($"{directory} is a run of {(string?)run["pipeline"]} as it was then: what it says may not be so any more; run it anew");
            var ended = run["cells"]!.AsArray().OfType<JsonObject>().ToDictionary(cell => (string?)cell["name"] ?? "");
            return [.. cells.Where(cell => ended.TryGetValue(cell.Name, out var has) && (string?)has["outcome"] == Outcome.Pass.Word()).Select(cell => Result(cell, ended[cell.Name], Path.GetFullPath(directory)))];
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException or NullReferenceException or ArgumentException or FormatException)
        {
            throw new InvalidDataException($"{file} cannot be read: {unreadable.Message}", unreadable);
        }
    }

    static PipelineResult Result(PipelineCell cell, JsonObject has, string directory) => new(cell,
        new CellVerdict(Outcome.Pass, (string?)has["reason"] ?? "") { BuiltOnly = (bool?)has["builtOnly"] ?? false, Page = (string?)has["page"] },
        (double?)has["seconds"] ?? 0, (string?)has["directory"] is { } below ? Path.Combine(directory, below) : null) { Kept = true };

    static string Hash(Pipeline pipeline) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(pipeline.File)))[..16];
}
