using Understudy.Runner.Suites;

namespace Understudy.Runner.Tests;

public sealed class SelectionTests
{
    static readonly string[] s_names = [.. Enumerable.Range(0, 20).Select(number => $"t{number:00}")];

    static DirectoryTest Test(string name, params string[] tags) => new("s", name, "/s", $"/s/{name}", new TestSettings { Tags = tags });

    static SuiteRequest Request(params IReadOnlyList<DirectoryTest> tests) => new([new TestSuite("s", "/s", tests)], "out", "understudy run s");

    [Theory]
    [InlineData("link", true)]
    [InlineData("li*", true)]
    [InlineData("net/li?k", false)]
    [InlineData("s/li?k", true)]
    [InlineData("lin", false)]
    public void A_test_is_chosen_by_name(string pattern, bool chosen) => Assert.Equal(chosen, new TestSelection { Names = [pattern] }.Chooses(Test("link")));

    [Theory]
    [InlineData(true, "smoke")]
    [InlineData(true, "other", "smoke")]
    [InlineData(false, "other")]
    [InlineData(false, "!slow")]
    [InlineData(true, "!other")]
    [InlineData(false, "smoke", "!slow")]
    public void A_test_is_chosen_by_its_tags(bool chosen, params string[] tags) => Assert.Equal(chosen, new TestSelection { Tags = tags }.Chooses(Test("link", "smoke", "slow")));

    [Fact]
    public void Every_test_runs_on_every_kernel()
    {
        var cells = SuitePlan.Round(Request(Test("a"), Test("b")) with { Kernels = ["debian:6.1", "debian:6.12"] }, 0);
        Assert.Equal(["s/a@debian:6.1", "s/a@debian:6.12", "s/b@debian:6.1", "s/b@debian:6.12"], cells.Select(cell => cell.Name));
    }

    [Fact]
    public void The_users_kernel_comes_before_the_suites_and_that_before_the_newest()
    {
        var own = Test("a") with { Settings = new TestSettings { KernelImage = "/images/bzImage" } };
        Assert.Equal(["/images/bzImage", "debian:latest"], SuitePlan.Round(Request(own, Test("b")), 0).Select(cell => cell.Kernel));
        Assert.Equal(["debian:6.1"], SuitePlan.Round(Request(own) with { Kernels = ["debian:6.1"] }, 0).Select(cell => cell.Kernel));
    }

    [Fact]
    public void An_order_made_from_a_seed_is_the_same_each_time_and_another_with_another_seed()
    {
        var request = Request([.. s_names.Select(name => Test(name))]) with { Shuffle = true, Seed = 7 };
        var order = Names(request);
        Assert.Equal(order, Names(request));
        Assert.NotEqual(order, Names(request with { Seed = 8 }));
        Assert.NotEqual(order, Names(request with { Shuffle = false }));
        Assert.Equal(s_names, order.Order());

        static string[] Names(SuiteRequest request) => [.. SuitePlan.Round(request, 0).Select(cell => cell.Test.Name)];
    }

    [Fact]
    public void Each_repetition_has_a_seed_of_its_own_and_can_be_run_alone()
    {
        var request = Request(Test("a b")) with { Repeat = 3, Seed = 40, Kernels = ["debian:6.1"] };
        var third = Assert.Single(SuitePlan.Round(request, 2));
        Assert.Equal(("s/a b@debian:6.1#3", 42), (third.Name, third.Seed));
        Assert.EndsWith(" --name 'a b' --kernel debian:6.1 --seed 42", third.Reproduce, StringComparison.Ordinal);
        var built = Assert.Single(SuitePlan.Round(request with { Kernels = ["./bzImage"], Modules = "my modules" }, 0));
        Assert.Contains(" --kernel ./bzImage --modules 'my modules' --seed", built.Reproduce, StringComparison.Ordinal);
        Assert.Null((request with { Repeat = 1, UntilFail = true }).Rounds);
        Assert.Equal(3, (request with { UntilFail = true }).Rounds);
    }

    [Fact]
    public void Only_what_failed_last_is_chosen_on_the_kernels_it_failed_on()
    {
        var request = Request(Test("a"), Test("b")) with { Kernels = ["x", "y"], Selection = new TestSelection { Only = new HashSet<(string, string)> { ("/s/b", "y") } } };
        Assert.Equal(["s/b@y"], SuitePlan.Round(request, 0).Select(cell => cell.Name));
    }

    [Fact]
    public void A_test_is_chosen_by_what_changed_of_it_its_suite_or_its_module()
    {
        using var folder = new SuiteFolder();
        folder.With("tree/mod/a.c", "int a;\n").With("tree/s/suite.yaml", "description: s\n").WithTest("tree/s/built", "modules: [../../mod]\n").WithTest("tree/s/plain").WithTest("tree/other/far");
        foreach (var arguments in (string[][])[["init", "-q"], ["add", "."], ["-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", "all"]]) Git(folder["tree"], arguments);
        Assert.Empty(Chosen());
        folder.With("tree/mod/a.c", "int b;\n");
        Assert.Equal(["s/built"], Chosen());
        folder.With("tree/s/plain/data/new", "new\n");
        Assert.Equal(["s/built", "s/plain"], Chosen());
        folder.With("tree/s/suite.yaml", "description: t\n").With("tree/mod/a.c", "int a;\n");
        Assert.Equal(["s/built", "s/plain"], Chosen());
        Assert.Contains("nowhere", Assert.Throws<FormatException>(() => ChangedFiles.Since([folder["tree"]], "nowhere")).Message, StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => ChangedFiles.Since([folder.Path], "HEAD"));

        string[] Chosen()
        {
            var selection = new TestSelection { Changed = ChangedFiles.Since([folder["tree"]], "HEAD") };
            return [.. SuiteReader.Read(folder["tree"]).SelectMany(suite => suite.Tests).Where(selection.Chooses).Select(test => test.FullName).Order(StringComparer.Ordinal)];
        }
    }

    [Fact]
    public void A_test_is_chosen_by_a_header_that_its_program_or_module_includes_however_far_away()
    {
        using var folder = new SuiteFolder();
        folder.With("tree/lib/deep.h", "1\n").With("tree/lib/near.h", "#include \"deep.h\"\n#include <stdio.h>\n").With("tree/lib/other.h", "1\n").With("tree/real/engine.c", "#include \"engine.h\"\n").With("tree/real/engine.h", "1\n")
            .With("tree/inc/api.h", "1\n").With("tree/mod/Kbuild", "ccflags-y := -I$(src)/../inc\n").With("tree/mod/main.c", "  # include \"api.h\"\n")
            .With("tree/prog/say.c", "#include \"../lib/near.h\"\n").WithTest("tree/s/says", "programs: [../../prog/say.c]\n").WithTest("tree/s/loads", "modules: [../../mod]\n").WithTest("tree/s/plain");
        Directory.CreateSymbolicLink(folder["tree/mod/source"], "../real");
        foreach (var arguments in (string[][])[["init", "-q"], ["add", "."], ["-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", "all"]]) Git(folder["tree"], arguments);
        Assert.Empty(Changed("lib/other.h", "2\n"));
        Assert.Equal(["s/says"], Changed("lib/deep.h", "2\n"));
        Assert.Equal(["s/says"], Changed("lib/near.h", "#include \"near.h\"\n"));
        Assert.Equal(["s/loads"], Changed("inc/api.h", "2\n"));
        Assert.Equal(["s/loads"], Changed("real/engine.h", "2\n"));
        Assert.Equal(["s/loads"], Changed("real/engine.c", "\n"));
        File.Delete(folder["tree/lib/near.h"]);
        Assert.Equal(["s/says"], Chosen());

        string[] Changed(string file, string text)
        {
            var before = File.ReadAllText(folder[$"tree/{file}"]);
            folder.With($"tree/{file}", text);
            var chosen = Chosen();
            folder.With($"tree/{file}", before);
            return chosen;
        }

        string[] Chosen()
        {
            var selection = new TestSelection { Changed = ChangedFiles.Since([folder["tree"]], "HEAD") };
            return [.. SuiteReader.Read(folder["tree/s"]).SelectMany(suite => suite.Tests).Where(selection.Chooses).Select(test => test.FullName).Order(StringComparer.Ordinal)];
        }
    }

    static void Git(string directory, params string[] arguments)
    {
        using var git = System.Diagnostics.Process.Start("git", ["-C", directory, .. arguments]);
        git.WaitForExit();
        Assert.Equal(0, git.ExitCode);
    }
}
