using System.Globalization;
using Understudy.Verdict;

namespace Understudy.Runner.Suites;

/// <summary>The executables of one test in their order: suite setup, setup, run, teardown, suite teardown. What a setup has begun is torn
/// down whatever came of it, as long as the machine lives. Played once more in one run, however that went before, the names of its steps begin
/// with a word for that.</summary>
sealed class TestSequence(DirectoryTest test, ITestMachine machine, Run run, string again = "")
{
    /// <summary>Where the suite's and the test's files are in the guest.</summary>
    public const string SuitePath = "/run/understudy/suite", TestPath = "/run/understudy/test";

    const int SkipCode = 4;

    public async Task PlayAsync(CancellationToken cancel)
    {
        if (await SuiteAsync("setup", cancel).ConfigureAwait(false))
        {
            if (await TestAsync("setup", cancel).ConfigureAwait(false) && await ArmAsync().ConfigureAwait(false)) await TestAsync("run", cancel).ConfigureAwait(false);
            await TestAsync("teardown", cancel, evenAfterFailure: true).ConfigureAwait(false);
        }
        await SuiteAsync("teardown", cancel, evenAfterFailure: true).ConfigureAwait(false);
    }

    // What a setup has done to the device may leave a fault nothing to strike.
    async Task<bool> ArmAsync()
    {
        try
        {
            machine.ArmFaults();
            return true;
        }
        catch (FormatException wrong)
        {
            return await run.StepAsync("faults", _ => throw new TestErrorException(wrong.Message)).ConfigureAwait(false);
        }
    }

    Task<bool> SuiteAsync(string name, CancellationToken cancel, bool evenAfterFailure = false)
        => ScriptAsync(test.SuiteDirectory, name, new TestScript($"{again}suite-{name}", $"{SuitePath}/{name}", test.Settings.Timeout), evenAfterFailure, cancel);

    Task<bool> TestAsync(string name, CancellationToken cancel, bool evenAfterFailure = false)
        => ScriptAsync(test.Directory, name, new TestScript($"{again}{name}", $"{TestPath}/{name}", test.Settings.Timeout), evenAfterFailure, cancel);

    async Task<bool> ScriptAsync(string directory, string file, TestScript script, bool evenAfterFailure, CancellationToken cancel)
    {
        if (!File.Exists(Path.Combine(directory, file))) return again.Length > 0 || run.IsHealthy;
        if (machine.IsLost) return false;
        return await run.StepAsync(script.Name, async notes => Judge(script, await machine.RunAsync(script, cancel).ConfigureAwait(false), notes), evenAfterFailure || again.Length > 0).ConfigureAwait(false);
    }

    static void Judge(TestScript script, ScriptResult result, StepNotes notes)
    {
        if (result.Results.Count > 0) notes.Results = result.Results;
        if (result.Overran is { } doing)
            throw new StepFailedException(string.Create(CultureInfo.InvariantCulture, $"still running after {script.Limit.TotalSeconds:0.###} s, and killed"), [.. result.Tail, .. doing]);
        var said = result.Said.Length > 0 ? $": {result.Said}" : "";
        switch (result.ExitCode)
        {
            case 0 when result.Results.Where(sub => !sub.Outcome.IsGood()).ToList() is [var first, ..] bad:
                var reason = $"{bad.Count} of {result.Results.Count} results are bad, first '{first.Name}'{(first.Reason is { } why ? $": {why}" : "")}";
                throw bad.All(sub => sub.Outcome == Outcome.Error) ? new TestErrorException(reason) : new StepFailedException(reason, first.Lines);
            case 0:
                notes.Detail = result.Results.Count > 0 ? $"{result.Results.Count} results, all well" : result.Said;
                break;
            case SkipCode:
                throw new StepSkippedException(result.Said.Length > 0 ? result.Said : $"'{script.Name}' asked for it and did not say why");
            case { } code:
                throw new StepFailedException(string.Create(CultureInfo.InvariantCulture, $"exit code {code}{said}"), result.Tail);
            default:
                throw new StepFailedException(string.Create(CultureInfo.InvariantCulture, $"killed by signal {result.Signal}{said}"), result.Tail);
        }
    }
}
