using System.Diagnostics;
using Understudy.Build;
using Understudy.Build.Tests;
using Understudy.Cli.Tests;
using Understudy.Runner.Suites;
using Understudy.Runner.Tests;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Machine.Tests;

public sealed class KernelBuildTests : IDisposable
{
    readonly SuiteFolder _folder = new();
    readonly SourceFolder _sources = new();

    public void Dispose()
    {
        _folder.Dispose();
        _sources.Dispose();
    }

    [Fact]
    public async Task A_killed_build_is_done_by_the_next_who_ask_once_for_two_at_once()
    {
        var name = NewName();
        var recipe = new KernelRecipe("debian:7.2") { Config = ["tinyconfig", "CONFIG_MODULES=y", $"CONFIG_LOCALVERSION=\"-{name}\"", "CONFIG_NO_SUCH_SYMBOL=y"] };
        await RequireSourcesAsync();
        await KillOnceItCompilesAsync(recipe.Config);
        var built = await Task.WhenAll(BuildAsync(recipe), BuildAsync(recipe));
        Assert.Equal(built[0].Directory, built[1].Directory);
        Assert.Single(built, build => !build.WasKnown);
        var again = Stopwatch.StartNew();
        Assert.True((await BuildAsync(recipe)).WasKnown);
        TestContext.Current.TestOutputHelper?.WriteLine($"the same again was answered in {again.Elapsed.TotalMilliseconds:F0} ms");

        var kernel = built[0];
        Assert.EndsWith($"-{name}", kernel.Release, StringComparison.Ordinal);
        Assert.Equal(["CONFIG_NO_SUCH_SYMBOL=y (command line): not granted, it is n"], kernel.Config.Where(request => !request.IsGranted).Select(request => request.ToString()));
        Assert.Equal(["System.map", "build.log", "bzImage", "config", "metadata.json", "modules.tar.xz"], kernel.Artifacts.Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
    }

    // It takes minutes to compile: tests/soak kernel.
    [Fact(Explicit = true)]
    public async Task The_kernel_of_a_profile_boots_and_takes_a_module()
    {
        var name = NewName();
        await RequireSourcesAsync();
        var recipe = Profile.Recipe("qemu");
        await BootAsync(name, await BuildAsync(recipe with { Config = [.. recipe.Config, $"CONFIG_LOCALVERSION=\"-{name}\""] }));
    }

    static string NewName() => $"test-{Guid.NewGuid():N}"[..14];

    static Task<KernelBuild> BuildAsync(KernelRecipe recipe) => new KernelBuilder(Bench.Toolbox).BuildAsync(recipe);

    static async Task RequireSourcesAsync()
    {
        try
        {
            await Bench.Toolbox.KernelSourceAsync("7.2");
        }
        catch (ToolchainException offline) when (offline.Problem is ToolchainProblem.Offline or ToolchainProblem.NoMirror)
        {
            Assert.Skip($"the sources are not here and cannot be fetched: {offline.Message}");
        }
    }

    async Task KillOnceItCompilesAsync(IReadOnlyList<string> config)
    {
        using var cli = CliProcess.Start(_folder.Path, ["build", "debian:7.2", .. config.SelectMany(one => new[] { "--config", one })]);
        await cli.SaysAsync("building kernel");
        cli.Signal("KILL");
        await cli.EndAsync();
    }

    async Task BootAsync(string name, KernelBuild kernel)
    {
        var builds = new NamedBuilds(Bench.Toolbox.Cache);
        builds.Name(name, kernel);
        try
        {
            _folder.WithTest("s/greets", "modules: ../../drivers/greeter\nexpect-log: 'hello from a kernel of our own'\n").With("s/greets/run", $"#!/bin/sh\n[ $(uname -r) = {kernel.Release} ]\n");
            _sources.WithModule("greeter", "static int __init greet(void) { pr_info(\"hello from a kernel of our own\\n\"); return 0; }\nmodule_init(greet);\n");
            foreach (var file in Directory.EnumerateFiles(_sources["greeter"])) _folder.With($"drivers/greeter/{Path.GetFileName(file)}", File.ReadAllText(file));
            var request = new SuiteRequest(SuiteReader.Read(_folder["s"]), _folder["runs"], "understudy run") { Kernels = [NamedBuilds.Scheme + name] };
            var result = (await SuiteRun.PlayAsync(Bench.Toolbox, request, new SilentSuite())).Results.Single();
            Assert.True(result.Outcome == Outcome.Pass, $"{result.Verdict}\n{string.Join('\n', result.Verdict.Evidence)}");
        }
        finally
        {
            builds.Remove(name);
        }
    }
}
