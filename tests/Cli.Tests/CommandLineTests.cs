using System.Text.Json;

namespace Understudy.Cli.Tests;

/// <summary>The program as a user meets it: exit codes, messages, JSON, help. No guest is booted; nothing is fetched.</summary>
public sealed class CommandLineTests : IDisposable
{
    static readonly string[] s_verbs = ["demo", "boot", "setup", "doctor", "kernels", "devices", "run", "pipeline", "sweep", "fuzz", "build", "dkms", "bisect", "trace", "replay"];

    // A mirror that refuses at once, and a cache with nothing in it.
    static readonly Dictionary<string, string?> s_offline = new()
    {
        ["UNDERSTUDY_DEBIAN_MIRROR"] = "http://127.0.0.1:9/debian",
        ["http_proxy"] = null,
        ["https_proxy"] = null,
    };

    readonly string _home = Directory.CreateTempSubdirectory("ust-").FullName;

    public static TheoryData<string> Verbs => [.. s_verbs];

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task Every_verb_teaches_by_example(string verb)
    {
        var (code, output, error) = await RunAsync(verb, "--help");
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("Examples:", output, StringComparison.Ordinal);
        Assert.Contains($"understudy {verb}", output, StringComparison.Ordinal);
        Assert.Contains("--json", output, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', output);
    }

    [Fact]
    public async Task Help_names_every_verb_and_the_exit_codes()
    {
        var (code, output, _) = await RunAsync("--help");
        Assert.Equal(0, code);
        Assert.All(s_verbs, verb => Assert.Contains(verb, output, StringComparison.Ordinal));
        Assert.Contains("Exit codes: 0 pass, 1 the driver failed, 2 wrong usage, 3 the lab failed, 4 a test broke.", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("has no dkms.conf. The least it takes: PACKAGE_NAME=", null)]
    [InlineData("does not say PACKAGE_VERSION", "PACKAGE_NAME=nic\n")]
    [InlineData("Did you mean 'debian:13'?", "PACKAGE_NAME=nic\nPACKAGE_VERSION=1\n", "--distribution", "debian13")]
    [InlineData("Did you mean axisg2", "PACKAGE_NAME=nic\nPACKAGE_VERSION=1\n", "--devices", "axisg")]
    [InlineData("'tarball'", "PACKAGE_NAME=nic\nPACKAGE_VERSION=1\n", "--way", "rpm")]
    public async Task A_package_of_something_wrong_ends_in_2_and_says_what_would_be_right(string hint, string? conf, params string[] arguments)
    {
        var driver = Directory.CreateDirectory(Path.Combine(_home, "nic")).FullName;
        if (conf is not null) File.WriteAllText(Path.Combine(driver, "dkms.conf"), conf);
        var (code, output, error) = await RunAsync(["dkms", "nic", .. arguments]);
        Assert.Equal((2, ""), (code, output));
        Assert.Contains(hint, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Packages_are_made_without_a_kernel_or_a_network()
    {
        var driver = Directory.CreateDirectory(Path.Combine(_home, "nic")).FullName;
        File.WriteAllText(Path.Combine(driver, "dkms.conf"), "PACKAGE_NAME=nic\nPACKAGE_VERSION=1.0\n");
        var (code, output, _) = await RunAsync("dkms", "nic", "--pack-only", "--output", "out", "--json");
        using var json = JsonDocument.Parse(output);
        Assert.Equal((0, "1.0"), (code, json.RootElement.GetProperty("version").GetString()));
        Assert.Equal(["nic-1.0.dkms.tar.gz", "nic-dkms_1.0_all.deb"], Directory.EnumerateFiles(Path.Combine(_home, "out")).Select(Path.GetFileName).Where(name => name != "summary.json").Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("p.yaml:3: phases.build: there is no key of a step 'biuld'; did you mean 'build'?", "bad.yaml")]
    [InlineData("none.yaml", "none.yaml")]
    [InlineData("there is no axis 'vcpu'; did you mean 'vcpus'?", "p.yaml", "--cell", "vcpu=1")]
    [InlineData("there is no vcpus '3'; did you mean '1'?", "p.yaml", "--cell", "vcpus=3")]
    [InlineData("no chosen step has a test called x", "p.yaml", "--name", "x")]
    [InlineData("there is no pipeline.json in", "p.yaml", "--resume", "s")]
    [InlineData("leave --output out", "p.yaml", "--resume", "s", "--output", "o")]
    [InlineData("from 1 to 256", "p.yaml", "-j", "0")]
    [InlineData("the step chooses no test; there is t, with the tags fast", "tags.yaml")]
    public async Task A_pipeline_of_something_wrong_ends_in_2_and_says_what_would_be_right(string hint, params string[] arguments)
    {
        var run = Path.Combine(Directory.CreateDirectory(Path.Combine(_home, "s", "t")).FullName, "run");
        File.WriteAllText(Path.Combine(_home, "s", "t", "test.yaml"), "tags: fast\n");
        File.WriteAllText(run, "#!/bin/sh\n");
        File.SetUnixFileMode(run, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        File.WriteAllText(Path.Combine(_home, "bad.yaml"), "phases:\n  build:\n    - biuld: s\n");
        File.WriteAllText(Path.Combine(_home, "p.yaml"), "axes: {vcpus: [1, 2]}\nphases:\n  test:\n    - {suite: s, over: vcpus}\n");
        File.WriteAllText(Path.Combine(_home, "tags.yaml"), "phases:\n  test:\n    - {suite: s, tags: slow}\n");
        var (code, output, error) = await RunAsync(["pipeline", .. arguments]);
        Assert.Equal((2, ""), (code, output));
        Assert.Contains(hint.Replace("p.yaml:3", "bad.yaml:3", StringComparison.Ordinal), error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_home, "runs")));
    }

    [Fact]
    public async Task A_pipeline_lists_its_cells_runs_commands_and_prints_what_came_of_them()
    {
        File.WriteAllText(Path.Combine(_home, "p.yaml"), "axes: {vcpus: [1, 2]}\nphases:\n  look:\n    - {shell: '[ $UNDERSTUDY_VCPUS = 1 ]', over: vcpus}\n  then:\n    - shell: 'true'\n");
        var (listed, cells, _) = await RunAsync("pipeline", "p.yaml", "--cell", "vcpus=2", "--list");
        Assert.Equal((0, "phase=look,step=shell,vcpus=2\nphase=then,step=shell\n"), (listed, cells));
        var (code, output, error) = await RunAsync("pipeline", "p.yaml", "--json");
        Assert.Equal((1, ""), (code, error));
        var outcomes = JsonDocument.Parse(output).RootElement.GetProperty("cells").EnumerateArray().Select(cell => cell.GetProperty("outcome").GetString());
        Assert.Equal(["pass", "fail", null], outcomes);
        var (again, table, _) = await RunAsync("pipeline", "p.yaml", "--cell", "vcpus=1");
        Assert.Equal(0, again);
        Assert.Contains("2 pass in", table, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(Directory.GetDirectories(Path.Combine(_home, "runs"))[0], "pipeline.html"));
    }

    [Theory]
    [InlineData("'legal' or 'hostile'", "s/t", "--class", "wild")]
    [InlineData("90s, 10m or 2h", "s/t", "--budget", "soon")]
    [InlineData("Ditto.Control", "s/t", "--fault", "mmio-read Ditto.Contrl nth=1 -> remove")]
    [InlineData("it has ditto", "s/t", "--fault", "nic: irq 0 -> drop")]
    [InlineData("and sweep takes one", "s")]
    [InlineData("table of planted bugs", "s/t", "--planted")]
    [InlineData("loads none", "s/t", "--parameters", "bug=1")]
    public async Task A_sweep_of_something_wrong_ends_in_2_and_says_what_would_be_right(string hint, params string[] arguments)
    {
        foreach (var test in (string[])["s/t", "s/u"])
        {
            var run = Path.Combine(Directory.CreateDirectory(Path.Combine(_home, test)).FullName, "run");
            File.WriteAllText(Path.Combine(_home, test, "test.yaml"), "devices: ditto\n");
            File.WriteAllText(run, "#!/bin/sh\n");
            File.SetUnixFileMode(run, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
        var (code, output, error) = await RunAsync(["sweep", .. arguments]);
        Assert.Equal((2, ""), (code, output));
        Assert.Contains(hint, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'demo'", "dmeo")]
    [InlineData("'kernels'", "kernel")]
    [InlineData("'--kernel'", "demo", "--kernal", "debian:6.1")]
    [InlineData("rtl8111", "boot", "--device", "rtl811", "-e", "true")]
    [InlineData("from 1 to 64", "boot", "--cpus", "0")]
    [InlineData("--board uml", "boot", "--gdb", "-e", "true")]
    [InlineData("'virtual'", "boot", "--time", "vitual", "-e", "true")]
    [InlineData("--board uml can", "boot", "--time", "virtual", "-e", "true")]
    [InlineData("needs --execute", "boot", "--board", "uml", "--time", "virtual")]
    [InlineData("from 1 on", "demo", "--lose-every", "0")]
    [InlineData("modules directory", "demo", "--modules", "lib")]
    [InlineData("no kernel image", "demo", "--kernel", "./no-such-image")]
    [InlineData("no kernel image", "setup", "--kernel", "./no-such-image")]
    [InlineData("--execute", "boot", "--json")]
    [InlineData("name a test to sweep", "sweep")]
    [InlineData("name a test to fuzz", "fuzz")]
    public async Task Wrong_usage_ends_in_2_and_says_what_would_be_right(string hint, params string[] arguments)
    {
        var (code, output, error) = await RunAsync(arguments);
        Assert.Equal(2, code);
        if (!arguments.Contains("--json")) Assert.Equal("", output);
        Assert.Contains(hint, output + error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at Understudy", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_home, "runs")));
    }

    [Theory]
    [InlineData(3, "demo")]
    [InlineData(3, "boot", "-e", "true")]
    [InlineData(3, "setup")]
    [InlineData(3, "kernels")]
    [InlineData(3, "doctor")]
    [InlineData(0, "devices")]
    [InlineData(2, "demo", "--lose-every", "0")]
    [InlineData(2, "demo", "--no-such-option")]
    [InlineData(2, "boot", "--device", "rtl811", "-e", "true")]
    public async Task With_json_there_is_nothing_else_on_standard_output(int expected, params string[] arguments)
    {
        var (code, output, _) = await RunAsync([.. arguments, "--json"]);
        Assert.Equal(expected, code);
        using var parsed = JsonDocument.Parse(output);
        Assert.NotEqual(JsonValueKind.Undefined, parsed.RootElement.ValueKind);
    }

    [Fact]
    public async Task Offline_with_an_empty_cache_the_lab_is_broken_and_the_message_says_why()
    {
        var (code, _, error) = await RunAsync("setup");
        Assert.Equal(3, code);
        Assert.Contains("127.0.0.1", error, StringComparison.Ordinal);
        var (doctor, checks, _) = await RunAsync("doctor");
        Assert.Equal(3, doctor);
        Assert.Contains("MISSING", checks, StringComparison.Ordinal);
        Assert.Contains("mend it with: understudy setup", checks, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_kernel_ends_in_2_with_the_nearest_names_and_leaves_no_run_directory()
    {
        KnowKernels();
        var (code, output, error) = await RunAsync("demo", "--kernel", "debian:6.99");
        Assert.Equal(2, code);
        Assert.Contains("debian:6.12", output + error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_home, "runs")));
        Assert.Equal(2, (await RunAsync("boot", "--kernel", "debian:6.99", "-e", "true")).Code);
        Assert.Equal(2, (await RunAsync("setup", "--kernel", "debian:6.99")).Code);
    }

    [Fact]
    public async Task Redirected_output_is_plain()
    {
        foreach (var verb in s_verbs[2..])
        {
            var (_, output, error) = await RunAsync(verb);
            Assert.DoesNotContain('\e', output);
            Assert.DoesNotContain('\e', error);
            Assert.DoesNotContain('\r', output);
        }
    }

    public void Dispose() => Directory.Delete(_home, recursive: true);

    // The list of kernels as a mirror once gave it; the mirror itself is not there any more.
    void KnowKernels()
    {
        var cache = Directory.CreateDirectory(Path.Combine(_home, "cache", "understudy")).FullName;
        File.WriteAllText(Path.Combine(cache, "kernels.json"), """
            {"Kernels":[{"Release":"6.12.1+deb13-amd64","Series":"6.12","IsCandidate":false,"PackageVersion":"6.12.1-1","Packages":[]},
            {"Release":"6.1.0-40-amd64","Series":"6.1","IsCandidate":false,"PackageVersion":"6.1.1-1","Packages":[]}],"Warnings":[],"Read":"2026-01-02T03:04:05Z"}
            """);
    }

    async Task<(int Code, string Out, string Error)> RunAsync(params IReadOnlyList<string> arguments)
    {
        var environment = new Dictionary<string, string?>(s_offline) { ["XDG_CACHE_HOME"] = Path.Combine(_home, "cache") };
        using var program = CliProcess.Start(_home, environment, arguments);
        var code = await program.EndAsync();
        return (code, program.Out, program.Error);
    }
}
