using System.Text.Json;
using System.Xml.Linq;
using Understudy.Verdict;

namespace Understudy.Cli.Tests;

/// <summary><c>understudy export</c>, on run directories as runs leave them.</summary>
public sealed class ExportTests : IDisposable
{
    static readonly string[] s_formats = ["junit", "ktap", "tuxrun", "kcidb"];

    readonly string _home = Directory.CreateTempSubdirectory("ust-").FullName;

    public static TheoryData<string> Formats => [.. s_formats];

    public void Dispose() => Directory.Delete(_home, recursive: true);

    string At(string name) => Path.Combine(_home, name);

    void Run(string name, Outcome? outcome, string reason)
    {
        var info = new RunInfo { Id = name, Title = name, Command = $"understudy run nic --name {name}", Test = $"nic/{name}", Cell = "debian:6.12", Kernel = new KernelFacts("debian:6.12", "6.12.1", "6.12.1-1", null) };
        using var run = RunDirectory.Create(At($"runs/{name}"), info);
        run.BeginStep("boot").End(Outcome.Pass);
        var step = run.BeginStep("run");
        if (outcome is not { } ended) return;   // its writer was killed here
        step.End(ended, reason, ["last line"], [new SubResult("first", Outcome.Pass, null, []), new SubResult("second", ended, reason, [])]);
        run.Conclude(new RunVerdict(ended, reason, ["last line"]));
    }

    async Task<(int Code, string Out, string Error)> ExportAsync(params string[] arguments)
    {
        using var program = CliProcess.Start(_home, ["export", .. arguments]);
        return (await program.EndAsync(), program.Out, program.Error);
    }

    [Theory, MemberData(nameof(Formats))]
    public async Task Each_format_holds_every_run_with_what_it_came_to(string format)
    {
        Run("link", Outcome.Pass, "");
        Run("ping", Outcome.Fail, "no carrier \u001b[31m");
        Run("killed", null, "");
        var (code, text, error) = await ExportAsync("runs", "--format", format);
        Assert.Equal((0, ""), (code, error));
        foreach (var name in (string[])["link", "ping", "killed"]) Assert.Contains(name, text, StringComparison.Ordinal);
        Assert.Contains("no carrier", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', text);
        switch (format)
        {
            case "junit":
                Assert.NotEmpty(XDocument.Parse(text).Descendants("failure"));
                break;
            case "ktap":
                Assert.Contains(SubResults.Parse(text), result => result.Outcome == Outcome.Fail);
                Assert.DoesNotContain(SubResults.Parse(text), result => result.Name.EndsWith("killed [debian:6.12]/run", StringComparison.Ordinal) && result.Outcome == Outcome.Pass);
                break;
            case "kcidb":
                KcidbSchema.Holds(text);
                break;
            default:
                JsonDocument.Parse(text).Dispose();
                break;
        }
    }

    [Theory, MemberData(nameof(Formats))]
    public async Task One_run_directory_goes_to_a_file_as_it_goes_to_standard_output(string format)
    {
        Run("link", Outcome.Pass, "");
        var (code, text, _) = await ExportAsync("runs/link", "--format", format);
        var (again, nothing, error) = await ExportAsync("runs/link", "--format", format, "-o", "out");
        Assert.Equal((0, 0, "", ""), (code, again, nothing, error));
        Assert.Equal(text, await File.ReadAllTextAsync(At("out"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_pages_are_made_again_where_the_runs_are_that_of_a_killed_runner_too()
    {
        Run("link", Outcome.Pass, "");
        Run("killed", null, "");
        var (code, text, error) = await ExportAsync("runs", "--format", "html");
        Assert.Equal((0, ""), (code, error));
        foreach (var page in (string[])["runs/link/report.html", "runs/killed/report.html", "runs/matrix.html"])
        {
            Assert.Contains(page, text, StringComparison.Ordinal);
            Assert.Contains("understudy run nic --name", await File.ReadAllTextAsync(At(page), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
        Assert.Equal(2, (await ExportAsync("runs", "--format", "html", "-o", "page.html")).Code);
    }

    [Fact]
    public async Task A_damaged_run_directory_is_told_and_the_others_are_exported()
    {
        Run("link", Outcome.Pass, "");
        Directory.CreateDirectory(At("runs/torn"));
        await File.WriteAllTextAsync(At("runs/torn/run.json"), "{\"schema\": 1, ", TestContext.Current.CancellationToken);
        var (code, text, error) = await ExportAsync("runs", "--format", "ktap");
        Assert.Equal(0, code);
        Assert.Contains("torn is left out", error, StringComparison.Ordinal);
        Assert.Contains("nic/link", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "name a run directory, or a folder with run directories below it", "--format", "ktap")]
    [InlineData(2, "--format is missing; there is junit (", "empty")]
    [InlineData(2, "there is no format 'xml'; there is junit (", "empty", "--format", "xml")]
    [InlineData(2, "there is no folder nowhere", "nowhere", "--format", "ktap")]
    [InlineData(2, "there is no run directory (one with a run.json) in empty or below it", "empty", "--format", "ktap")]
    [InlineData(3, "Could not find a part of the path", "runs", "--format", "ktap", "-o", "no/such/folder/out")]
    public async Task What_cannot_be_exported_is_told(int expected, string words, params string[] arguments)
    {
        Directory.CreateDirectory(At("empty"));
        Run("link", Outcome.Pass, "");
        var (code, text, error) = await ExportAsync(arguments);
        Assert.Equal((expected, ""), (code, text));
        Assert.Contains(words, error, StringComparison.Ordinal);
    }
}
