using Understudy.Build;
using Understudy.Build.Tests;
using Understudy.Guest;
using Understudy.Pci;
using Understudy.Runner.Dkms;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Runner.Tests;

public sealed class DkmsProtocolTests : IDisposable
{
    const string Kernel = "6.12.0-amd64", Installed = $"/lib/modules/{Kernel}/updates/dkms/nic.ko";

    readonly SourceFolder _folder = new();

    public DkmsProtocolTests() => _folder.WithModule("nic", "MODULE_VERSION(\"1.0\");").With("nic/dkms.conf", "PACKAGE_NAME=nic\nPACKAGE_VERSION=1.0\nAUTOINSTALL=yes\n");

    public void Dispose() => _folder.Dispose();

    /// <summary>A Debian of one page: what dkms, dpkg, modprobe and modinfo would do and say. A test spoils what it says to one script.</summary>
    sealed class FakeDebian : IDkmsMachine
    {
        readonly SortedDictionary<string, string> _states = new(StringComparer.Ordinal);
        string? _installed, _loaded, _deb;

        public List<string> Scripts { get; } = [];

        public Func<string, CommandResult?> Spoilt { get; init; } = _ => null;

        public string MakeLog { get; init; } = "";

        public string? LeftBehind { get; init; }

        public Task<CommandResult> RunAsync(string script, CancellationToken cancel, TimeSpan? limit = null)
        {
            Scripts.Add(script);
            return Task.FromResult(Spoilt(script) ?? (Answer(script) is { } text ? Says(text) : Fails("not known")));
        }

        public Task PutAsync(string path, byte[] content, CancellationToken cancel) => Task.CompletedTask;

        public Task BringAsync(IReadOnlyList<string> modules, CancellationToken cancel) => Task.CompletedTask;

        public Task AwaitDriverAsync(PciIdentity card, CancellationToken cancel) => Task.CompletedTask;

        string? Answer(string script)
        {
            var words = script.Split(' ');
            var version = Array.IndexOf(words, "-v") is > 0 and var at ? words[at + 1] : "";
            switch (words)
            {
                case ["dkms", "ldtarball", var path]: _states[path.Contains("1.1", StringComparison.Ordinal) ? "1.1" : "1.0"] = "added"; return "";
                case ["dkms", "build", ..]: _states[version] = "built"; return "";
                case ["dkms", "install", ..]: Install(version); return "";
                case ["dkms", "remove", ..]: Remove(version); return "";
                case ["dkms", "status"]: return string.Concat(_states.Select(one => one.Value == "added" ? $"nic/{one.Key}: added\n" : $"nic/{one.Key}, {Kernel}, x86_64: {one.Value}\n"));
                case ["dpkg", "-i", var path]: _deb = path.Contains("1.1", StringComparison.Ordinal) ? "1.1" : "1.0"; _states.Clear(); Install(_deb); return "";
                case ["dpkg", "-r", _]: Remove(_deb!); return "";
                case ["dpkg", "-P", _]: _deb = null; return "";
                case ["dpkg-query", ..]: return _deb is null ? "" : $"install ok installed {_deb}";
                case ["modprobe", "-r", _]: _loaded = null; return "";
                case ["modprobe", _]: _loaded = _installed; return "";
                case ["modinfo", _, _, _, var field, _]: return field switch { "filename" => Installed, "vermagic" => $"{Kernel} SMP", "version" => _installed, "srcversion" => $"S{_installed}", _ => "" };
                case ["test", "-d", ..]: return _loaded is null ? null : "";
                case ["cat", var path, ..]: return path.StartsWith("/sys/module", StringComparison.Ordinal) ? $"S{_loaded}\n" : MakeLog;
                case ["find", var where, ..] when where.StartsWith("/lib/modules/", StringComparison.Ordinal): return _installed is null ? "" : $"abc  {Installed}\n";
                case ["find", ..]: return string.Concat(_states.Keys.Select(one => $"/var/lib/dkms/nic/{one}\n")) + (Scripts.Any(one => one.Contains("remove", StringComparison.Ordinal)) && LeftBehind is not null ? $"{LeftBehind}\n" : "");
                default: return script.StartsWith("for d in /sys/bus/pci", StringComparison.Ordinal) ? $"0000:01:00.0 {(_loaded is null ? " " : "nic nic")}\n" : "";
            }
        }

        void Install(string version)
        {
            foreach (var other in _states.Keys.ToList()) if (_states[other] == "installed") _states[other] = "built";
            (_states[version], _installed) = ("installed", version);
        }

        void Remove(string version)
        {
            _states.Remove(version);
            if (_installed == version) _installed = null;
        }
    }

    sealed class Quiet : IRunObserver
    {
        public void Began(StepRecord step)
        {
        }

        public void Says(string text)
        {
        }

        public void Ended(StepRecord step)
        {
        }
    }

    static CommandResult Says(string text, int code = 0) => new(code, null, text, "", TimeSpan.Zero);

    static CommandResult Fails(string words, int code = 1) => new(code, null, "", words, TimeSpan.Zero);

    Task<IReadOnlyList<StepRecord>> PlayAsync(FakeDebian debian, params DkmsWay[] ways) => PlayAsync(debian, null, ways);

    async Task<IReadOnlyList<StepRecord>> PlayAsync(FakeDebian debian, OwnRootDisk? own, params DkmsWay[] ways)
    {
        await using var run = Run.Begin(_folder["run"], new RunInfo { Id = "t", Title = "t", Command = "none" }, new Quiet());
        var protocol = new DkmsProtocol(debian, DkmsPackage.Read(_folder["nic"]), Kernel, [new PciIdentity(0x1234, 0x5678, 0)], own);
        foreach (var step in protocol.Steps(ways.Length > 0 ? ways : [DkmsWay.Tarball, DkmsWay.Deb]))
            if (!await run.StepAsync(step.Name, notes => step.Body(notes, TestContext.Current.CancellationToken))) break;
        await run.ConcludeAsync();
        return run.Directory.Steps;
    }

    async Task<StepRecord> LastAsync(FakeDebian debian, params DkmsWay[] ways) => (await PlayAsync(debian, ways))[^1];

    [Fact]
    public async Task A_package_that_behaves_passes_every_step_both_ways()
    {
        var steps = await PlayAsync(new FakeDebian());
        Assert.All(steps, step => Assert.True(step.Outcome == Outcome.Pass, $"{step.Name}: {step.Detail}"));
        Assert.Equal(["system", "add", "build", "install", "load", "upgrade", "remove", "deb-install", "deb-load", "deb-upgrade", "deb-remove", "deb-purge"], steps.Select(step => step.Name));
        Assert.Equal("nic loaded, bound to 0000:01:00.0", steps[4].Detail);
    }

    [Fact]
    public async Task Where_there_is_no_dpkg_only_the_tarball_is_tried_and_that_is_said()
    {
        var own = new OwnRootDisk("", HasDpkg: false, ["left out: dev/null (a device node)"]);
        var fedora = new FakeDebian { Spoilt = script => script.StartsWith("dpkg", StringComparison.Ordinal) || script.Contains("&& dpkg", StringComparison.Ordinal) ? Fails("dpkg: not found", 127) : null };
        var steps = await PlayAsync(fedora, own);
        Assert.All(steps, step => Assert.True(step.Outcome == Outcome.Pass, $"{step.Name}: {step.Detail}"));
        Assert.Equal(["system", "add", "build", "install", "load", "upgrade", "remove"], steps.Select(step => step.Name));
        Assert.EndsWith("left out: dev/null (a device node); no dpkg, so only the tarball", steps[0].Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(fedora.Scripts, script => script.Contains("dpkg", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_does_not_compile_is_told_by_the_compilers_first_error()
    {
        var last = await LastAsync(new FakeDebian
        {
            Spoilt = script => script.StartsWith("dkms build", StringComparison.Ordinal) ? Says("Error! Bad return status for module build on kernel: 6.12.0-amd64 (x86_64)\nConsult the log\n", 10) : null,
            MakeLog = "make: Entering directory '/usr/src'\n/var/lib/dkms/nic/1.0/build/nic.c:7:3: warning: odd\n/var/lib/dkms/nic/1.0/build/nic.c:12:5: error: unknown type name 'u33'\nmake[1]: *** [nic.o] Error 1\n",
        });
        Assert.Equal(("build", Outcome.Fail, "nic 1.0 does not compile for 6.12.0-amd64: nic.c:12: error: unknown type name 'u33'"), (last.Name, last.Outcome, last.Detail));
    }

    [Fact]
    public async Task A_module_that_the_build_does_not_make_is_named_with_those_it_does()
    {
        var last = await LastAsync(new FakeDebian { Spoilt = script => script.StartsWith("dkms build", StringComparison.Ordinal) ? Fails("Error! Build of nic.ko failed", 7) : script.StartsWith("cd /var", StringComparison.Ordinal) ? Says("./card.ko\n") : null });
        Assert.Equal("the build makes card.ko and no nic.ko: BUILT_MODULE_NAME in dkms.conf names what the build does not make", last.Detail);
    }

    [Theory]
    [InlineData("dkms build", "Error! Bad return status\nConsult", 10, "nic 1.0 cannot be built for 6.12.0-amd64: 'dkms build -m nic -v 1.0 -k 6.12.0-amd64' ends with exit code 10: Error! Bad return status Consult")]
    [InlineData("dkms build", "Cleaning build area...(bad exit status: 2)", 0, "a command of dkms.conf fails, and DKMS does not mind: Cleaning build area...(bad exit status: 2)")]
    [InlineData("modprobe nic", "modprobe: ERROR: could not insert 'nic': Exec format error", 1, "nic does not load: modprobe: ERROR: could not insert 'nic': Exec format error")]
    [InlineData("modprobe -r", "modprobe: FATAL: Module nic is in use.", 1, "nic cannot be unloaded: modprobe: FATAL: Module nic is in use.")]
    [InlineData("modinfo -k 6.12.0-amd64 -F vermagic", "6.1.0-amd64 SMP", 0, "/lib/modules/6.12.0-amd64/updates/dkms/nic.ko is built for kernel '6.1.0-amd64 SMP', and this is 6.12.0-amd64")]
    [InlineData("cat /sys/module", "S0.9", 0, "the nic that is loaded (S0.9) is not the one that is installed (S1.0, 1.0)")]
    [InlineData("for d in /sys/bus/pci", "0000:01:00.0  ", 0, "the card 1234:5678 has no driver after nic was loaded")]
    [InlineData("for d in /sys/bus/pci", "0000:01:00.0 e1000 e1000", 0, "the card 1234:5678 is driven by 'e1000' of the module 'e1000', and not by the package's")]
    public async Task What_is_not_as_it_must_be_fails_with_what_was_seen(string script, string says, int code, string words)
    {
        var last = await LastAsync(new FakeDebian { Spoilt = asked => !asked.StartsWith(script, StringComparison.Ordinal) ? null : code == 0 ? Says(says) : Fails(says, code) });
        Assert.Equal((Outcome.Fail, words), (last.Outcome, last.Detail));
    }

    [Fact]
    public async Task A_Debian_that_does_not_work_is_the_labs_failure_and_not_the_drivers()
    {
        Assert.Equal((Outcome.Broken, true), await LookAsync(script => script.StartsWith("dkms --version", StringComparison.Ordinal) ? Fails("dkms: not found", 127) : null, "dkms: not found"));
        Assert.Equal((Outcome.Broken, true), await LookAsync(script => script == "dkms status" ? Says("nic/0.9: added") : null, "'dkms status' says 'nic/0.9: added', and nothing of it would be right"));

        async Task<(Outcome?, bool)> LookAsync(Func<string, CommandResult?> spoilt, string words)
        {
            if (Directory.Exists(_folder["run"])) Directory.Delete(_folder["run"], recursive: true);
            var last = await LastAsync(new FakeDebian { Spoilt = spoilt });
            return (last.Outcome, last.Detail!.Contains(words, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_file_that_stays_after_removal_is_named()
    {
        var last = await LastAsync(new FakeDebian { LeftBehind = "/lib/modules/6.12.0-amd64/updates/dkms" });
        Assert.Equal(("remove", Outcome.Fail, "'dkms remove' leaves /lib/modules/6.12.0-amd64/updates/dkms"), (last.Name, last.Outcome, last.Detail));
    }

    [Fact]
    public async Task A_module_that_stays_the_same_after_an_upgrade_is_no_upgrade()
    {
        var last = await LastAsync(new FakeDebian { Spoilt = script => script.Contains("-F version", StringComparison.Ordinal) || script.Contains("-F srcversion", StringComparison.Ordinal) ? Says("7") : script.StartsWith("cat /sys/module", StringComparison.Ordinal) ? Says("7") : null });
        Assert.Equal(("upgrade", "/lib/modules/6.12.0-amd64/updates/dkms/nic.ko is still the module of 1.0 after 1.1 was installed"), (last.Name, last.Detail));
    }

    [Fact]
    public async Task A_package_that_excludes_the_kernel_is_skipped()
    {
        var last = await LastAsync(new FakeDebian { Spoilt = script => script.StartsWith("dkms build", StringComparison.Ordinal) ? Fails("Error! The dkms.conf for module nic includes a BUILD_EXCLUSIVE directive which\ndoes not match this kernel/arch.", 77) : null });
        Assert.Equal(Outcome.Skip, last.Outcome);
        Assert.StartsWith("dkms.conf excludes 6.12.0-amd64: Error! The dkms.conf for module nic includes a BUILD_EXCLUSIVE", last.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_package_that_nobody_builds_when_it_is_installed_fails_and_says_the_line_that_is_missing()
    {
        _folder.With("nic/dkms.conf", "PACKAGE_NAME=nic\nPACKAGE_VERSION=1.0\n");
        Assert.Contains("does not say AUTOINSTALL=\"yes\"", (await LastAsync(new FakeDebian(), DkmsWay.Deb)).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void The_words_of_dkms_status_are_read_and_other_packages_are_not()
    {
        var lines = DkmsStatus.Parse("other/2.0: added\nnic/1.0: added\nnic/1.1, 6.12.0-amd64, x86_64: installed (Differences between built and installed modules)\nWarning: odd\n", "nic");
        Assert.Equal([("1.0", "", "added"), ("1.1", "6.12.0-amd64", "installed")], lines.Select(line => (line.Version, line.Kernel, line.State)));
    }
}
