using System.Text.Json.Nodes;
using Understudy.Verdict;

namespace Understudy.Runner.Dkms;

/// <summary>What a package came to on all kernels.</summary>
/// <param name="Request">What was asked for.</param>
/// <param name="Packages">Paths of the packages that were made: tarball and Debian package.</param>
/// <param name="Results">Of each kernel, in the order they were named.</param>
public sealed record DkmsSummary(DkmsRequest Request, IReadOnlyList<string> Packages, IReadOnlyList<DkmsResult> Results)
{
    /// <summary>Exit code of the process: as the worst of all kernels' outcomes; 0 where none was asked for.</summary>
    public int ExitCode => Outcomes.Worst(Results.Select(result => result.Verdict.Outcome)) is { } worst ? Verdict.ExitCode.Of(worst) : Verdict.ExitCode.Pass;

    /// <summary>The summary as JSON, which is also <c>summary.json</c>.</summary>
    public JsonObject Json() => new()
    {
        ["schema"] = 1,
        ["package"] = Request.Package.Conf.Name,
        ["version"] = Request.Package.Conf.Version,
        ["files"] = new JsonArray([.. Packages.Select(path => (JsonNode)path)]),
        ["distribution"] = Request.Distribution.Name,
        ["exitCode"] = ExitCode,
        ["cells"] = new JsonArray([.. Results.Select(result => (JsonNode)new JsonObject
        {
            ["kernel"] = result.Kernel,
            ["outcome"] = result.Verdict.Outcome.Word(),
            ["reason"] = result.Verdict.Reason,
            ["seconds"] = Math.Round(result.Seconds, 3),
            ["directory"] = result.Directory,
            ["reproduce"] = Request.CommandFor(result.Kernel),
            ["steps"] = new JsonArray([.. result.Steps.Select(step => (JsonNode)new JsonObject { ["name"] = step.Name, ["outcome"] = step.Outcome?.Word(), ["detail"] = step.Detail })]),
        })]),
    };
}
