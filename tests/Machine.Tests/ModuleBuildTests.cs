using Understudy.Build;
using Understudy.Build.Tests;
using Understudy.Runner.Suites;
using Understudy.Runner.Tests;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Machine.Tests;

public sealed class ModuleBuildTests : IDisposable
{
    const string Kernel = "debian:6.12", Older = "debian:6.1";

    readonly SuiteFolder _suites = new();
    readonly SourceFolder _sources = new();

    public void Dispose()
    {
        _suites.Dispose();
        _sources.Dispose();
    }

    static string Greeting(string words) => $"static int __init greet(void) {{ pr_info(\"{words}\\n\"); return 0; }}\nmodule_init(greet);\nstatic int depth = 1; module_param(depth, int, 0444);\n";

    async Task<BuiltModules> BuildAsync(string module, string kernel)
    {
        var lab = await Bench.LabAsync(kernel);
        try
        {
            return await new ModuleBuilder(Bench.Toolbox).BuildAsync(_sources[module], lab.Kernel);
        }
        catch (ToolchainException offline) when (offline.Problem is ToolchainProblem.Offline)
        {
            Assert.Skip($"headers or compiler cannot be fetched: {offline.Message}");
            throw;
        }
    }

    async Task<SuiteSummary> PlayAsync(params string[] kernels)
    {
        foreach (var kernel in kernels) await Bench.LabAsync(kernel);
        var request = new SuiteRequest(SuiteReader.Read(_suites["s"]), _suites[$"runs-{Guid.NewGuid():N}"], "understudy run") { Kernels = kernels };
        return await SuiteRun.PlayAsync(Bench.Toolbox, request, new SilentSuite());
    }

    [Theory]
    [InlineData("debian:6.1")]
    [InlineData("debian:6.12")]
    [InlineData("debian:7.2")]
    public async Task A_module_is_built_for_any_kernel_once_and_nothing_of_this_machine_is_in_it(string kernel)
    {
        _sources.WithModule("greeter", Greeting($"hello {Guid.NewGuid()}"));
        var first = await BuildAsync("greeter", kernel);
        var module = Assert.Single(first.Modules);
        Assert.False(first.WasKnown);
        Assert.Equal(((await Bench.LabAsync(kernel)).Kernel.Release, "depth"), (module.Facts.Release, Assert.Single(module.Facts.Parameters)));
        var bytes = await File.ReadAllTextAsync(module.Path, System.Text.Encoding.Latin1);
        Assert.DoesNotContain(_sources.Path, bytes, StringComparison.Ordinal);
        Assert.DoesNotContain(Bench.Toolbox.Cache.Root, bytes, StringComparison.Ordinal);
        Assert.True((await BuildAsync("greeter", kernel)).WasKnown);
    }

    [Fact]
    public async Task A_suite_builds_the_modules_it_names_by_directory_for_each_kernel()
    {
        _suites.WithTest("s/greets", "modules: ../../drivers/greeter depth=3\nexpect-log: 'hello from the suite'\n");
        _suites.With("s/greets/run", "#!/bin/sh\n[ \"$(cat /sys/module/greeter/parameters/depth)\" = 3 ]\n");
        CopyModule("greeter", Greeting("hello from the suite"));
        var summary = await PlayAsync(Kernel, Older);
        Assert.True(summary.Count(Outcome.Pass) == 2, string.Join('\n', summary.Results.Select(result => $"{result.Cell.Name}: {result.Verdict}")));
    }

    [Fact]
    public async Task Sources_that_do_not_compile_are_the_tests_error_with_the_compilers_first_words()
    {
        _suites.WithTest("s/broken", "modules: ../../drivers/broken\n");
        CopyModule("broken", "static u33 nothing;");
        var verdict = (await PlayAsync(Kernel)).Results.Single().Verdict;
        Assert.Equal(Outcome.Error, verdict.Outcome);
        Assert.Contains("broken.c:2: error: unknown type name 'u33'", verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_module_for_another_kernel_is_the_tests_error_and_says_how_to_rebuild()
    {
        _sources.WithModule("greeter", Greeting("hello"));
        var built = await BuildAsync("greeter", Older);
        _suites.WithTest("s/wrong", "modules: ../greeter.ko\n");
        File.Copy(built.Modules[0].Path, _suites["s/greeter.ko"]);
        var verdict = (await PlayAsync(Kernel)).Results.Single().Verdict;
        Assert.Equal(Outcome.Error, verdict.Outcome);
        Assert.Contains($"is built for kernel {(await Bench.LabAsync(Older)).Kernel.Release}, and this is {Kernel}", verdict.Reason, StringComparison.Ordinal);
        Assert.Contains("understudy build module", verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Modules_of_one_directory_are_loaded_in_the_order_they_need_each_other()
    {
        _suites.WithTest("s/pair", "modules: ../../drivers/pair\n");
        _suites.With("s/pair/run", "#!/bin/sh\ngrep -q '^library .* user,' /proc/modules\n");
        _suites.With("drivers/pair/Kbuild", "obj-m := user.o library.o\n")
            .With("drivers/pair/library.c", "#include <linux/module.h>\nint lend(void);\nint lend(void) { return 1; }\nEXPORT_SYMBOL_GPL(lend);\nMODULE_LICENSE(\"GPL\");\nMODULE_DESCRIPTION(\"x\");\n")
            .With("drivers/pair/user.c", "#include <linux/module.h>\nint lend(void);\nstatic int __init start(void) { return lend() - 1; }\nmodule_init(start);\nMODULE_LICENSE(\"GPL\");\nMODULE_DESCRIPTION(\"x\");\n");
        Assert.Equal(1, (await PlayAsync(Kernel)).Count(Outcome.Pass));
    }

    void CopyModule(string name, string code)
    {
        _sources.WithModule(name, code);
        foreach (var file in Directory.EnumerateFiles(_sources[name])) _suites.With($"drivers/{name}/{Path.GetFileName(file)}", File.ReadAllText(file));
    }
}
