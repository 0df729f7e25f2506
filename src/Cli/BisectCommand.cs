using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Understudy.Build;
using Understudy.Runner;
using Understudy.Runner.Bisection;
using Understudy.Runner.Suites;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Cli;

/// <summary><c>understudy bisect</c>: the commit that broke a test.</summary>
static class BisectCommand
{
    static readonly Argument<string> s_test = new("TEST") { Description = "The directory of one test; it is today's at every commit" };
    static readonly Option<string> s_good = new("--good") { Description = "A commit at which it passes", HelpName = "REF", Required = true };
    static readonly Option<string> s_bad = new("--bad") { Description = "A commit at which it fails; HEAD unless told", HelpName = "REF", DefaultValueFactory = _ => "HEAD" };
    static readonly Option<string?> s_repository = new("--repo") { Description = "The git repository; that of the test's module sources unless told. A kernel's is built whole at each commit", HelpName = "DIR" };
    static readonly Option<string?> s_kernel = CommandLine.Kernel();
    static readonly Option<string?> s_profile = new("--profile") { Description = "How a kernel is configured at each commit, see 'understudy build'; qemu/net unless told", HelpName = "NAME[/VARIANT]", DefaultValueFactory = _ => "qemu/net" };
    static readonly Option<string[]> s_config = new("--config") { Description = "More configuration, over the profile's", HelpName = "CONFIG", AllowMultipleArgumentsPerToken = true };
    static readonly Option<string?> s_output = new("--output") { Description = "Directory for the runs, one below it a commit; runs/bisect-TIME unless told", HelpName = "DIR" };
    static readonly Option<bool> s_json = CommandLine.Json();

    public static Command Create()
    {
        var command = new Verb("bisect",
            "Walk a git history to the first commit at which a test fails. Commits that do not build are left out; the first bad one is run three times more. The working tree is not touched. Exit code 0 when it is found, 1 when it is not or does not fail each time.",
            """
            understudy bisect --good v1.2 --bad HEAD suites/nic/link                     the modules the test names by their directory
            understudy bisect --good v7.1 --bad v7.2 --repo ~/linux suites/rtl8111/link   a kernel, built at each commit
            """) { s_test, s_good, s_bad, s_repository, s_kernel, s_profile, s_config, s_output, s_json };
        command.SetAction((parsed, cancel) => CommandLine.GuardAsync(parsed.GetValue(s_json), () => RunAsync(parsed, cancel)));
        return command;
    }

    static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        var json = parsed.GetValue(s_json);
        using var progress = new ProvisionDisplay(quiet: json);
        var toolbox = new Toolbox(UnderstudyCache.Open(), progress);
        var suite = Suite(parsed.GetValue(s_test)!);
        var repository = await GitRepository.OfAsync(toolbox.Cache, parsed.GetValue(s_repository) ?? Sources(suite), cancel).ConfigureAwait(false);
        var output = parsed.GetValue(s_output) ?? Path.Combine("runs", string.Create(CultureInfo.InvariantCulture, $"bisect-{DateTime.Now:yyyyMMdd-HHmmss-fff}"));
        var request = new BisectRequest(repository, parsed.GetValue(s_good)!, parsed.GetValue(s_bad)!, suite, output)
        {
            Kernel = parsed.GetValue(s_kernel),
            Recipe = repository.IsKernel ? Profile.Recipe(parsed.GetValue(s_profile)!) is var recipe ? recipe with { Config = [.. recipe.Config, .. parsed.GetValue(s_config) ?? []] } : null : null,
        };
        try
        {
            var result = await new Bisector(toolbox, request, verdict => progress.Line(Line(verdict)), new Watch(progress)).PlayAsync(cancel).ConfigureAwait(false);
            if (json) CommandLine.Print(Json(result));
            else Show(progress, result, output);
            return result.FirstBad is not null && result.Confirmed == result.Runs ? ExitCode.Pass : ExitCode.Fail;
        }
        catch (StepFailedException contradiction)
        {
            return CommandLine.Tell(json, ExitCode.Usage, contradiction.Message);
        }
    }

    static TestSuite Suite(string path)
    {
        try
        {
            return SuiteReader.Read(path) is [{ Tests: [_] } suite] ? suite : throw new UsageException($"{path} is not one test: name the directory of the one that fails");
        }
        catch (SuiteException wrong)
        {
            throw new UsageException(wrong.Message);
        }
    }

    static string Sources(TestSuite suite) => suite.Tests[0].Settings.Modules.FirstOrDefault(module => module.IsPath) is { } module
        ? Directory.Exists(module.Name) ? module.Name : Path.GetDirectoryName(module.Name)!
        : throw new UsageException($"{suite.Tests[0].FullName} names no module by its source directory, so there is no history to walk: give the kernel's repository with --repo");

    static string Line(CommitVerdict verdict)
    {
        var colour = verdict.Word switch { "good" => "green", "bad" => "red", _ => "yellow" };
        var left = verdict.Left > 0 ? string.Create(CultureInfo.InvariantCulture, $"{verdict.Left,3} left ") : "         ";
        return $"{left}{Terminal.Styled(colour, verdict.Word.PadRight(5))}{verdict.Description}{(verdict.Word == "good" ? "" : $"\n              {verdict.Reason}")}";
    }

    static void Show(ProvisionDisplay progress, BisectResult result, string output)
    {
        if (result.FirstBad is null)
        {
            progress.Line("the first bad commit is one of these, of which some could not be tested:");
            foreach (var candidate in result.Candidates) progress.Line($"  {candidate}");
        }
        else progress.Line($"first bad commit: {result.Description}\n  failed {result.Confirmed} of {result.Runs} times when it was run again{(result.Confirmed < result.Runs ? ": it does not fail each time, so an earlier one may be to blame" : "")}");
        progress.Line($"runs: {output}");
    }

    static JsonObject Json(BisectResult result) => new()
    {
        ["firstBad"] = result.FirstBad,
        ["description"] = result.Description,
        ["confirmed"] = result.Confirmed,
        ["runs"] = result.Runs,
        ["candidates"] = new JsonArray([.. result.Candidates.Select(candidate => (JsonNode)candidate)]),
        ["tried"] = new JsonArray([.. result.Tried.Select(verdict => (JsonNode)new JsonObject { ["commit"] = verdict.Commit, ["verdict"] = verdict.Word, ["reason"] = verdict.Reason })]),
    };

    sealed class Watch(ProvisionDisplay progress) : ISuiteObserver
    {
        public void Planned(int? cells)
        {
        }

        public void At(TestCell cell, string step) => progress.Status($"{cell.Name}: {step}");

        public void Retries(TestCell cell, string reason) => progress.Line($"the lab broke once: {reason}");

        public void Ended(CellResult result)
        {
        }
    }
}
