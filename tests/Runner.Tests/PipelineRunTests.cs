using System.Text.Json.Nodes;
using Understudy.Runner.Pipelines;
using Understudy.Verdict;

namespace Understudy.Runner.Tests;

public sealed class PipelineRunTests : IDisposable
{
    const string Text = """
        axes:
          kernel: [debian:6.1, debian:6.12, debian:7.2]
          vcpus: [1, 2]
        phases:
          lint:
            - shell: 'true'
          build:
            - {build: driver, over: kernel}
          cpu:
            - {suite: suite, over: [kernel, vcpus], exclude: [{kernel: debian:7.2}]}
          packages:
            - artefacts: '*.ko'
        """;

    readonly SuiteFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    PipelineRequest Request(string text = Text, params string[] cells)
    {
        _folder.WithTest("suite/t").With("driver/Kbuild", "obj-m := d.o\n");
        var pipeline = Pipeline.Read(_folder.With("p.yaml", text)["p.yaml"]);
        return new PipelineRequest(pipeline, CellSelector.Choose(pipeline, cells), _folder["out"], "understudy pipeline p.yaml");
    }

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    static CellVerdict? If(bool isSo, Outcome outcome) => isSo ? new CellVerdict(outcome, $"a scripted {outcome}") : null;

    JsonArray Written() => JsonNode.Parse(File.ReadAllText(_folder["out/pipeline.json"]))!["cells"]!.AsArray();

    [Fact]
    public async Task Phases_follow_each_other_and_all_passes_is_0()
    {
        var player = new ScriptedPlayer();
        var summary = await PipelineRun.PlayAsync(Request() with { Jobs = 3 }, player, player, Cancel);
        Assert.Equal((0, 9), (summary.ExitCode, player.Played.Count));
        Assert.Equal(3, (summary with { Over = false }).ExitCode);
        Assert.Equal(["lint", "build", "build", "build", "cpu", "cpu", "cpu", "cpu", "packages"], player.Played.Select(task => task.Cell.Phase));
        Assert.Equal(8, player.Played[^1].Before.Count);
        Assert.Equal(3, player.Played[0].Jobs);
    }

    [Theory]
    [InlineData(Outcome.Fail, 1)]
    [InlineData(Outcome.Broken, 3)]
    [InlineData(Outcome.Error, 4)]
    public async Task A_cell_that_ends_badly_lets_its_phase_end_and_the_next_one_not_begin(Outcome outcome, int code)
    {
        var player = new ScriptedPlayer(cell => If(cell.Name == "build/build/kernel=debian:6.12", outcome));
        var summary = await PipelineRun.PlayAsync(Request(), player, player, Cancel);
        Assert.Equal((code, 4), (summary.ExitCode, player.Played.Count));
        Assert.All(summary.Results.Where(result => result.Cell.Phase is "cpu" or "packages"), result => Assert.Contains("the phase build is not passed (build/build/kernel=debian:6.12", result.WhyNot, StringComparison.Ordinal));
        Assert.Contains(player.Told, line => line.StartsWith("packages closed: the phase build", StringComparison.Ordinal));
        Assert.Equal(9, Written().Count);
        var page = File.ReadAllText(_folder["out/pipeline.html"]);
        Assert.Contains($"<span class=\"verdict\" id=\"verdict\">{outcome.Word()}</span>", page, StringComparison.Ordinal);
        Assert.Contains("a scripted", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_skip_opens_the_gate_and_is_told()
    {
        var player = new ScriptedPlayer(cell => If(cell.Phase == "lint", Outcome.Skip));
        var summary = await PipelineRun.PlayAsync(Request(), player, player, Cancel);
        Assert.Equal((0, "7 pass, 1 skip, 1 built only"), (summary.ExitCode, summary.ToString()));
        Assert.Equal("skip", (string?)Written()[0]!["outcome"]);
    }

    [Fact]
    public async Task What_is_only_built_says_so_and_is_no_pass()
    {
        var player = new ScriptedPlayer();
        var summary = await PipelineRun.PlayAsync(Request(), player, player, Cancel);
        Assert.Equal(["build/build/kernel=debian:7.2"], summary.Results.Where(result => result.Word == "built only").Select(result => result.Cell.Name));
        Assert.Contains("class=\"fail\" data-outcome=\"fail\" title=\"build/build/kernel=debian:7.2: built only.", File.ReadAllText(_folder["out/pipeline.html"]), StringComparison.Ordinal);
        Assert.True((bool)Written().Single(cell => (string?)cell!["name"] == "build/build/kernel=debian:7.2")!["builtOnly"]!);
    }

    [Fact]
    public async Task A_suite_whose_tests_were_all_skipped_closes_the_gate()
    {
        var player = new ScriptedPlayer(cell => cell.Phase == "cpu" ? new CellVerdict(Outcome.Error, "none of 1 tests ran") { BuiltOnly = true } : null);
        var summary = await PipelineRun.PlayAsync(Request(), player, player, Cancel);
        Assert.Equal((4, "not run"), (summary.ExitCode, summary.Results[^1].Word));
    }

    [Fact]
    public async Task Stopped_in_the_middle_it_tells_what_ran_and_can_be_gone_on_with()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var player = new ScriptedPlayer { Before = (cell, _) => cell.Name == "cpu/suite/kernel=debian:6.1,vcpus=2" ? stop.CancelAsync() : Task.CompletedTask };
        var request = Request();
        var summary = await PipelineRun.PlayAsync(request, player, player, stop.Token);
        Assert.Equal((3, true), (summary.ExitCode, summary.Interrupted));
        Assert.Equal(["interrupted", "has not ended", "has not ended", "interrupted before"], summary.Results.Where(result => result.Verdict is null).Select(result => result.WhyNot));

        var again = new ScriptedPlayer();
        var kept = PipelineFiles.Kept(_folder["out"], request.Pipeline, request.Cells);
        var rest = await PipelineRun.PlayAsync(request with { Kept = kept }, again, again, Cancel);
        Assert.Equal((0, 5, 4), (rest.ExitCode, kept.Count, again.Played.Count));
        Assert.Equal("cpu/suite/kernel=debian:6.1,vcpus=2", again.Played[0].Cell.Name);
        Assert.Equal(9, Written().Count(cell => (string?)cell!["outcome"] == "pass"));
    }

    [Fact]
    public void A_run_of_another_pipeline_cannot_be_gone_on_with()
    {
        var request = Request();
        Assert.Contains("there is no pipeline.json", Assert.Throws<InvalidDataException>(() => PipelineFiles.Kept(_folder.Path, request.Pipeline, request.Cells)).Message, StringComparison.Ordinal);
        _folder.With("old/pipeline.json", """{"hash": "0", "pipeline": "p.yaml", "cells": []}""").With("bad/pipeline.json", "{");
        Assert.Contains("as it was then", Assert.Throws<InvalidDataException>(() => PipelineFiles.Kept(_folder["old"], request.Pipeline, request.Cells)).Message, StringComparison.Ordinal);
        Assert.Contains("cannot be read", Assert.Throws<InvalidDataException>(() => PipelineFiles.Kept(_folder["bad"], request.Pipeline, request.Cells)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_output_directory_that_is_not_empty_is_left_alone()
    {
        var player = new ScriptedPlayer();
        var request = Request();
        _folder.With("out/mine", "");
        await Assert.ThrowsAsync<IOException>(() => PipelineRun.PlayAsync(request, player, player, Cancel));
        Assert.Empty(player.Played);
    }

    [Theory]
    [InlineData("echo fine", Outcome.Pass, "fine")]
    [InlineData("echo no card; exit 4", Outcome.Skip, "no card")]
    [InlineData("echo wrong >&2; exit 2", Outcome.Fail, "exit code 2: wrong")]
    [InlineData("echo left; sleep 1000 &", Outcome.Pass, "left")]
    [InlineData("no-such-program", Outcome.Broken, "a program is missing")]
    [InlineData("sleep 1000", Outcome.Fail, "was not over after 0.5 s, and was killed")]
    [InlineData("yes | head -c 20000000; exit 1", Outcome.Fail, "exit code 1: y")]
    [InlineData("[ -d \"$UNDERSTUDY_OUTPUT\" ] && [ \"$UNDERSTUDY_VCPUS\" = 2 ]", Outcome.Pass, "exit code 0")]
    public async Task A_command_ends_as_its_exit_code_says(string command, Outcome outcome, string reason)
    {
        var limit = command.StartsWith("sleep", StringComparison.Ordinal) ? "500ms" : "60s";
        var request = Request($"axes:\n  vcpus: [2]\nphases:\n  a:\n    - shell: '{command}'\n      over: vcpus\n      timeout: {limit}\n");
        var toolbox = new Toolchain.Toolbox(Toolchain.UnderstudyCache.Open(_folder["cache"]));
        var summary = await PipelineRun.PlayAsync(request, await CellPlayer.OpenAsync(toolbox, request, Cancel), new ScriptedPlayer(), Cancel);
        var verdict = Assert.Single(summary.Results).Verdict!;
        Assert.Equal(outcome, verdict.Outcome);
        Assert.Contains(reason, verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Artefacts_are_put_together_with_checksums_and_must_be_there()
    {
        var request = Request("phases:\n  a:\n    - shell: 'echo one > $UNDERSTUDY_OUTPUT/d.ko'\n  b:\n    - artefacts: ['*.ko']\n    - name: more\n      artefacts: ['*.deb']\n");
        var player = await CellPlayer.OpenAsync(new Toolchain.Toolbox(Toolchain.UnderstudyCache.Open(_folder["cache"])), request, Cancel);
        var summary = await PipelineRun.PlayAsync(request, player, new ScriptedPlayer(), Cancel);
        Assert.Equal(["pass", "pass", "fail"], summary.Results.Select(result => result.Word));
        Assert.Equal("one\n", File.ReadAllText(_folder["out/b/artefacts/shell/d.ko"]));
        Assert.Matches("^[0-9a-f]{64}  shell/d.ko\n$", File.ReadAllText(_folder["out/b/artefacts/SHA256SUMS"]));
        Assert.Contains("'*.deb'", summary.Results[2].Verdict!.Reason, StringComparison.Ordinal);
    }
}
