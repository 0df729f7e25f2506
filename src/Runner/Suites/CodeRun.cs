using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Understudy.Boards;
using Understudy.Verdict;

namespace Understudy.Runner.Suites;

/// <summary>One test in C# on one kernel: its program is started for it alone, and writes the run directory. A program that dies before its
/// verdict leaves what it had written; the verdict is then ours.</summary>
static class CodeRun
{
    // Beside the test's own time: a start of .NET, a boot that is to be saved, what is asked of a guest that hangs.
    static readonly TimeSpan s_overhead = TimeSpan.FromMinutes(5);

    const int LastLines = 20;

    /// <summary>Runs it.</summary>
    /// <returns>The verdict; everything else is in the run directory.</returns>
    /// <exception cref="IOException">The run directory cannot be made.</exception>
    public static async Task<RunVerdict> PlayAsync(TestCell cell, string directory, SuiteRequest request, IRunObserver observer, CancellationToken cancel)
    {
        var (test, plan) = ((CodeTest)cell.Test, cell.Plan(request));
        if (cell.Settings.CannotRun is { } reason) return await AloneAsync(plan, directory, observer, _ => throw new StepSkippedException(reason)).ConfigureAwait(false);
        observer.Began(new StepRecord(0, test.Method, null, 0, null, null, []));
        try
        {
            string[] arguments = [test.Assembly, "-automated", "-noAutoReporters", "-parallel", "none", "-method", $"{test.Class}.{test.Method}"];
            var ending = await TestProgram.RunAsync(arguments, Environment(cell, directory, request), test.Settings.Timeout + s_overhead, cancel).ConfigureAwait(false);
            if (IsRun(directory) && RunRecord.Load(directory).Verdict is { } verdict) return verdict;
            return await WithoutVerdictAsync(plan, directory, observer, ending).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return new RunVerdict(Outcome.Broken, "interrupted", []);
        }
        catch (TestErrorException impossible)
        {
            return await AloneAsync(plan, directory, observer, _ => throw impossible).ConfigureAwait(false);
        }
    }

    static Dictionary<string, string> Environment(TestCell cell, string directory, SuiteRequest request) => new()
    {
        [CodeVariables.Board] = cell.Board,
        [CodeVariables.Kernel] = cell.Kernel,
        [CodeVariables.Modules] = request.Modules ?? "",
        [CodeVariables.DumpMemory] = request.DumpMemory ? "1" : "",
        [CodeVariables.Symbols] = request.Symbols is { } symbols ? Path.GetFullPath(symbols) : "",
        [CodeVariables.Seed] = cell.Seed.ToString(CultureInfo.InvariantCulture),
        [CodeVariables.Start] = request.Start == GuestStart.Cold ? "cold" : "",
        [CodeVariables.Time] = cell.Time is { } time ? time.ToString().ToLowerInvariant() : "",
        [CodeVariables.Faults] = string.Join('\n', cell.Faults),
        [CodeVariables.Record] = cell.Record ? "1" : "",
        [CodeVariables.Run] = directory,
        [CodeVariables.Repeat] = cell.Repeat.ToString(CultureInfo.InvariantCulture),
        [CodeVariables.Command] = cell.Reproduce,
        [CodeVariables.List] = "",
    };

    static async Task<RunVerdict> AloneAsync(TestPlan plan, string directory, IRunObserver observer, Func<StepNotes, Task> step)
    {
        await using var run = TestRun.Begin(plan, directory, observer);
        await run.Run.StepAsync("plan", step).ConfigureAwait(false);
        return await run.ConcludeAsync().ConfigureAwait(false);
    }

    // Silence is no pass: what the program left, and how it ended, is what there is to judge by.
    static async Task<RunVerdict> WithoutVerdictAsync(TestPlan plan, string directory, IRunObserver observer, TestProgram.Ending ending)
    {
        var (outcome, why) = Told(ending);
        if (outcome == Outcome.Skip && !IsRun(directory)) return await AloneAsync(plan, directory, observer, _ => throw new StepSkippedException(why)).ConfigureAwait(false);
        var last = LastWords(Lines(ending.Stderr));
        if (!IsRun(directory))
        {
            if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
            using var empty = RunDirectory.Create(directory, TestRun.Info(plan));
            empty.BeginStep("test").End(Outcome.Error, why, last);
        }
        Keep(directory, "process.out", ending.Stdout);
        Keep(directory, "process.err", ending.Stderr);
        return RunDirectory.ConcludeAbandoned(directory, new RunVerdict(Outcome.Error, why, last));
    }

    static bool IsRun(string directory) => File.Exists(Path.Combine(directory, "run.json"));

    static (Outcome Outcome, string Why) Told(TestProgram.Ending ending)
    {
        foreach (var message in Lines(ending.Stdout).Select(Message).Reverse())
        {
            if (Text(message, "$type") == "test-skipped") return (Outcome.Skip, Text(message, "Reason") ?? "it says no reason");
            if (Text(message, "$type") is "test-failed" or "error" or "test-class-cleanup-failure" or "test-assembly-cleanup-failure" && message?["Messages"] is JsonArray { Count: > 0 } said)
                return (Outcome.Error, $"the test did not begin: {said[0]}");
        }
        return (Outcome.Error, ending.ExitCode switch
        {
            null => "the test program came to no end and was killed",
            > 128 and var code => $"the test program died of signal {code - 128} before there was a verdict",
            var code => $"the test program ended with exit code {code} before there was a verdict",
        });
    }

    static JsonNode? Message(string line)
    {
        try
        {
            return line.StartsWith('{') ? JsonNode.Parse(line) : null;
        }
        catch (JsonException)
        {
            // A program that dies leaves half a line; so may a test that prints.
            return null;
        }
    }

    static string? Text(JsonNode? message, string name) => message is JsonObject known && known[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    static IReadOnlyList<string> Lines(byte[] said)
        => [.. Encoding.UTF8.GetString(said).Split('\n').Select(line => string.Concat(line.Where(c => !char.IsControl(c)))).Where(line => line.Length > 0)];

    // .NET says first what it died of, and then where.
    static List<string> LastWords(IReadOnlyList<string> said)
    {
        var death = said.SkipWhile(line => !line.StartsWith("Unhandled exception", StringComparison.Ordinal) && !line.StartsWith("Process terminated", StringComparison.Ordinal)).Take(LastLines).ToList();
        return death.Count > 0 ? death : [.. said.TakeLast(LastLines)];
    }

    static void Keep(string directory, string name, byte[] said)
    {
        if (said.Length > 0) File.WriteAllBytes(Path.Combine(directory, name), said);
    }
}
