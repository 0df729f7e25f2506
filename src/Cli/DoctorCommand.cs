using System.CommandLine;
using System.Text.Json.Nodes;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Cli;

/// <summary><c>understudy doctor</c>: what is here, what is missing, and the command that mends it.</summary>
static class DoctorCommand
{
    public static Command Create()
    {
        var json = CommandLine.Json();
        var command = new Verb("doctor",
            "Look at this machine: what is here, what is missing, and the exact command that mends it. Changes nothing. Ends in 3 when something is missing that keeps runs from working.",
            """
            understudy doctor
            understudy doctor --json
            """) { json };
        command.SetAction((parsed, cancel) => CommandLine.GuardAsync(parsed.GetValue(json), () => RunAsync(parsed.GetValue(json), cancel)));
        return command;
    }

    static async Task<int> RunAsync(bool json, CancellationToken cancel)
    {
        var checks = await Doctor.ExamineAsync(new Toolbox(UnderstudyCache.Open()), cancel).ConfigureAwait(false);
        if (json) CommandLine.Print(new JsonArray([.. checks.Select(Json)]));
        else
            foreach (var check in checks) Show(check);
        return checks.Any(check => check.State == CheckState.Missing) ? ExitCode.Broken : ExitCode.Pass;
    }

    static void Show(DoctorCheck check)
    {
        var mark = check.State switch { CheckState.Ok => "ok      ", CheckState.Degraded => "degraded", _ => "MISSING " };
        Console.Out.WriteLine($"{mark}  {check.Name,-16} {check.Detail}");
        if (check.Remedy is { Length: > 0 }) Console.Out.WriteLine($"{"",28}mend it with: {check.Remedy}");
    }

    static JsonNode Json(DoctorCheck check) => new JsonObject
    {
        ["name"] = check.Name,
        ["state"] = check.State.ToString().ToLowerInvariant(),
        ["detail"] = check.Detail,
        ["remedy"] = check.Remedy,
    };
}
