using Understudy.Boards;
using Understudy.Runner.Suites;

namespace Understudy.Runner.Tests;

public sealed class SuiteReaderTests : IDisposable
{
    readonly SuiteFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_suite_is_its_tests_by_name_with_the_suites_settings_under_their_own()
    {
        _folder.With("net/suite.yaml", "description: all about nets\ndevices: rtl8111 as nic\ntimeout: 5s\ntags: [net]\n")
            .WithTest("net/second", "timeout: 2m\ncpus: 2\nmemory: 1G\n").WithTest("net/first", "description: the first\nmodules: ['r8169 debug=16 x=1', mii]\n");
        var suite = Assert.Single(SuiteReader.Read(_folder["net"]));
        Assert.Equal("net", suite.Name);
        Assert.Equal(["net/first", "net/second"], suite.Tests.Select(test => test.FullName));
        var (first, second) = (suite.Tests[0].Settings, suite.Tests[1].Settings);
        Assert.Equal(("the first", TimeSpan.FromSeconds(5), 1, 256), (first.Description, first.Timeout, first.Cpus, first.MemoryMebibytes));
        Assert.Equal(("", TimeSpan.FromMinutes(2), 2, 1024), (second.Description, second.Timeout, second.Cpus, second.MemoryMebibytes));
        Assert.Equal([new PlannedModule("r8169", "debug=16 x=1"), new PlannedModule("mii", "")], first.Modules);
        Assert.Equal(("rtl8111", "nic"), (second.Devices[0].Entry.Name, second.Devices[0].Name));
        Assert.Equal(["net"], second.Tags);
    }

    [Fact]
    public void Every_key_is_understood()
    {
        _folder.With("s/t/run", "#!/bin/sh\n").With("s/t/faults", "# all of them\n\nirq 0 every=5 -> drop  # now\nio: mmio-read * nth=3 -> remove\n").With("s/t/test.yaml",
            """
            description: everything
            devices: ["rtl8111 as lan", pci-idio-16]
            modules: r8169
            kernel: [">=6.1", "<8"]
            boards: [qemu]
            needs: [port-io, smp]
            cpus: 4
            memory: 512M
            kernel-arguments: quiet nokaslr
            qemu-arguments: [-d, "guest_errors"]
            timeout: 500ms
            expect-failure: bug 17
            leak-check: 20
            expect-finding: '^WARNING in '
            expect-log: ["Link is Up", "RTL\\d+"]
            allow-log:
              - pattern: NETDEV WATCHDOG
                reason: it is what we do to it
            allow-check:
              - check: reserved-bits
                reason: the vendor's driver does so too
            skip-if: test -e /nowhere
            tags: [a, b]
            """);
        var test = Assert.Single(Assert.Single(SuiteReader.Read(_folder["s/t"])).Tests);
        var settings = test.Settings;
        Assert.Equal(["lan", "io"], settings.Devices.Select(device => device.Name));
        Assert.True(settings.Kernel!.Allows("debian:6.12", "6.12.3-amd64"));
        Assert.Equal(["quiet", "nokaslr"], settings.KernelArguments);
        Assert.Equal(["-d", "guest_errors"], settings.QemuArguments);
        Assert.Equal(["qemu"], settings.Boards);
        Assert.Equal([BoardAbility.PortIo, BoardAbility.Smp], settings.Needs);
        Assert.Equal((TimeSpan.FromMilliseconds(500), "bug 17"), (settings.Timeout, settings.ExpectedFailure));
        Assert.Equal(20, settings.LeakCheck);
        Assert.Matches(Assert.Single(settings.ExpectedFindings), "WARNING in f");
        Assert.Matches(settings.ExpectedLog[1], "eth0: RTL8168c");
        Assert.Equal("it is what we do to it", Assert.Single(settings.AllowedLog).Reason);
        Assert.Equal(("reserved-bits", "the vendor's driver does so too"), (Assert.Single(settings.AllowedChecks).Check, settings.AllowedChecks[0].Reason));
        Assert.Equal(["test -e /nowhere"], settings.SkipIf);
        Assert.Equal([("lan", "irq 0 every=5 -> drop"), ("io", "mmio-read * nth=3 -> remove")], ((DirectoryTest)test).Faults.Select(fault => (fault.Device, fault.Rule.ToString())));
    }

    [Theory]
    [InlineData("timout: 3s", "test.yaml:1: timout: there is no such key; did you mean 'timeout'?")]
    [InlineData("\n\ntimeout: soon", "test.yaml:3: timeout: expected a time such as 500ms, 30s or 2m, of up to a day, not 'soon'")]
    [InlineData("timeout: 0s", "test.yaml:1: timeout: expected a time")]
    [InlineData("strict-bus: perhaps", "test.yaml:1: strict-bus: expected true or false, not 'perhaps'")]
    [InlineData("cpus: many", "test.yaml:1: cpus: expected a number from 1 to 64, not 'many'")]
    [InlineData("cpus: [1, 2]", "cpus: expected a text, not a list")]
    [InlineData("memory: 3M", "memory: expected guest memory such as 512M or 2G, from 64M to 64G, not '3M'")]
    [InlineData("devices:\n  - rtl8111\n  - rtl8112", "test.yaml:3: devices: there is no device 'rtl8112'; there is rtl8111")]
    [InlineData("boards: qmu", "boards: there is no board 'qmu'; did you mean 'qemu'? There is qemu, uml")]
    [InlineData("needs: port_io", "needs: there is no ability of a board 'port_io'; did you mean 'port-io'? There is port-io, smp")]
    [InlineData("devices: rtl8111 nic", "devices: expected a device such as 'rtl8111 as nic', not 'rtl8111 nic'")]
    [InlineData("devices: [rtl8111, rtl8111]", "devices: two devices are named 'nic'; write 'rtl8111 as nic2'")]
    [InlineData("modules: debug=1", "modules: expected a module such as 'r8169 debug=16', not 'debug=1'")]
    [InlineData("kernel: '=> 6'", "kernel: expected a kernel such as '>=6.12', '6.1' or 'debian:7.2', not '=> 6'")]
    [InlineData("expect-log: '('", "expect-log: '(' is not a regular expression")]
    [InlineData("allow-log: WARNING", "allow-log: expected 'pattern: REGEX' and 'reason: WHY'; what is allowed needs a reason, not 'WARNING'")]
    [InlineData("allow-log: [{pattern: x}]", "allow-log: expected 'pattern: REGEX' and 'reason: WHY' and nothing else; what is allowed needs a reason")]
    [InlineData("allow-check: reserved-bits", "allow-check: expected 'check: NAME' and 'reason: WHY'; what is allowed needs a reason, not 'reserved-bits'")]
    [InlineData("allow-check: [{check: reserved-bit, reason: x}]", "allow-check: there is no check 'reserved-bit'; did you mean 'reserved-bits'? There is access-after-removal")]
    [InlineData("- a list", "test.yaml:1: expected 'key: value' lines, not a list")]
    [InlineData("just words", "test.yaml:1: expected 'key: value' lines, not 'just words'")]
    [InlineData("cpus: 1\ncpus: 2", "test.yaml:2: this is not YAML")]
    [InlineData("tags: [a", "this is not YAML")]
    [InlineData("cpus: 1\n---\ncpus: 2", "test.yaml:3: expected one document, not several")]
    [InlineData("cpus: 2\n\0\u0001", "test.yaml:2: this is not YAML")]
    [InlineData("tags: &a [*a]", "test.yaml:1: tags: expected a text, not a list")]
    [InlineData("? [a, b]\n: c", "test.yaml:1: expected a text, not a list")]
    [InlineData("\nkernel: ['>=7', '<6.12']", "test.yaml:2: kernel: '>=7, <6.12' leaves no kernel; expected bounds such as '>=6.1' and '<7'")]
    [InlineData("kernel: ['>6.12', '=6.12']", "kernel: '>6.12, =6.12' leaves no kernel")]
    [InlineData("cpus: 2\nboards: uml", "test.yaml:2: boards: this leaves no board: the test needs smp, and uml has one CPU")]
    [InlineData("boards: qemu\ntime: virtual", "test.yaml:1: boards: this leaves no board: the test needs virtual-time, and qemu has no virtual time")]
    [InlineData("boards: uml\nqemu-arguments: -d int", "test.yaml:1: boards: this leaves no board: the test needs qemu-arguments, and uml has no QEMU. Name a board that can, or none")]
    public void A_wrong_file_is_told_with_file_line_key_and_what_was_expected(string yaml, string expected)
    {
        _folder.WithTest("s/t", yaml);
        var problem = Assert.Single(Assert.Throws<SuiteException>(() => SuiteReader.Read(_folder["s"])).Problems);
        Assert.Contains(expected, problem.ToString(), StringComparison.Ordinal);
        Assert.StartsWith(_folder["s/t/test.yaml"], problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_brackets_a_byte_that_is_not_UTF8_and_a_directory_are_told_as_any_other_mistake()
    {
        _folder.WithTest("s/deep", new string('[', 1 << 19)).WithTest("s/bytes").With("s/directory/run", "#!/bin/sh\n");
        File.WriteAllBytes(_folder["s/bytes/test.yaml"], [.. "cpus: 1\ndescription: caf"u8, 0xE9, (byte)'\n']);
        Directory.CreateDirectory(_folder["s/directory/test.yaml"]);
        var problems = Assert.Throws<SuiteException>(() => SuiteReader.Read(_folder["s"])).Problems.Select(problem => problem.ToString());
        Assert.Equal([$"{_folder["s/bytes/test.yaml"]}:2: expected UTF-8, and this line holds other bytes",
            $"{_folder["s/deep/test.yaml"]}:1: expected lists in lists up to 64 deep", $"{_folder["s/directory/test.yaml"]}: expected a file, and this is a directory"], problems);
    }

    [Fact]
    public void A_run_that_links_to_nothing_and_names_that_would_do_harm_are_told()
    {
        _folder.WithTest("s/fine").WithTest("s/evil\u001b[2Jname").With("s/linked/test.yaml", "");
        File.CreateSymbolicLink(_folder["s/linked/run"], "nowhere");
        var message = Assert.Throws<SuiteException>(() => SuiteReader.Read(_folder["s"])).Message;
        Assert.Contains($"{_folder["s/linked/run"]}: this is a link to nowhere, and nothing is there", message, StringComparison.Ordinal);
        Assert.Contains("evil?[2Jname: a test's name is its directory's: expected UTF-8 without control characters", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', message);
    }

    [Theory]
    [InlineData("irq 0 drop", "faults:1: The fault rule 'irq 0 drop' needs exactly one '->'")]
    [InlineData("\nmmio-read MAC.Nothing -> fail", "faults:2: The fault rule")]
    [InlineData("disk: irq 0 -> drop", "the test has no device 'disk'; it has nic")]
    [InlineData("irq 0 -> drop\nnic: irq 0 -> duplicate", "faults:2: The fault rule 'irq 0 -> duplicate' can never strike: 'irq 0 -> drop' was there first")]
    [InlineData("irq 0 -> do dance", "faults:1: 'dance' is no order of rtl8111; it has status; cable on|off")]
    [InlineData("irq 0 -> do cable sideways", "write: cable on|off")]
    public void A_wrong_fault_is_told_before_anything_is_booted(string faults, string expected)
    {
        _folder.WithTest("s/t", "devices: rtl8111").With("s/t/faults", faults);
        Assert.Contains(expected, Assert.Throws<SuiteException>(() => SuiteReader.Read(_folder["s"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Faults_from_outside_are_checked_beside_a_tests_own()
    {
        _folder.WithTest("s/t", "devices: rtl8111").With("s/t/faults", "irq 0 -> drop");
        SuiteRequest Request(params string[] faults) => new(SuiteReader.Read(_folder["s"]), "out", "run") { Faults = faults };
        void Check(SuiteRequest request) => request.CheckFaults(request.Suites.SelectMany(suite => suite.Tests));
        Check(Request("nic: irq 1 after=\"cable: on\" -> drop", "mmio-write RTL8111.TxPoll -> do fail-tx"));
        Assert.StartsWith("s/t: The fault rule 'irq 0 -> duplicate' can never strike", Assert.Throws<FormatException>(() => Check(Request("irq 0 -> duplicate"))).Message, StringComparison.Ordinal);
        var cell = SuitePlan.Round(Request("irq 1 -> drop") with { Kernels = ["k"] }, 0)[0];
        Assert.Contains(" --fault 'irq 1 -> drop' --seed 1", cell.Reproduce, StringComparison.Ordinal);
    }

    [Fact]
    public void All_that_is_wrong_is_told_at_once()
    {
        _folder.WithTest("s/t", "cpus: 0\nspeed: 3\n").With("s/missing/test.yaml", "").With("s/plain/run", "#!/bin/sh\n", executable: false).With("s/plain/setup", "").With("s/empty/info/description", "x");
        var message = Assert.Throws<SuiteException>(() => SuiteReader.Read(_folder["s"], _folder["nowhere"])).Message;
        Assert.Contains("cpus: expected a number", message, StringComparison.Ordinal);
        Assert.Contains("speed: there is no such key", message, StringComparison.Ordinal);
        Assert.Contains($"{_folder["s/missing/run"]}: a test needs this executable, and it is missing", message, StringComparison.Ordinal);
        Assert.Contains($"{_folder["s/empty/run"]}: a test needs this executable, and it is missing", message, StringComparison.Ordinal);
        Assert.Contains($"{_folder["s/plain/run"]}: this must be executable: chmod +x it", message, StringComparison.Ordinal);
        Assert.Contains($"{_folder["nowhere"]}: there is no such file or directory", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_of_suites_gives_them_all_and_a_test_named_twice_is_one()
    {
        _folder.WithTest("all/b/one").WithTest("all/a/two").With("all/notes/readme", "nothing to run");
        Assert.Equal(["a", "b"], SuiteReader.Read(_folder["all"]).Select(suite => suite.Name));
        Assert.Single(Assert.Single(SuiteReader.Read(_folder["all/b"], _folder["all/b/one"], _folder["all/b/one/"])).Tests);
        Assert.Contains("there is no suite here", Assert.Throws<SuiteException>(() => SuiteReader.Read(_folder["all/notes"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Igalias_layout_is_read_as_it_is()
    {
        _folder.With("gpu/setup", "#!/bin/sh\n").With("gpu/teardown", "#!/bin/sh\n").With("gpu/info/description", "the GPU suite\n").With("gpu/info/timeout", "90\n")
            .With("gpu/info/kernel", "../bzImage\n").With("gpu/info/qemu-args", "-device virtio-rng-pci\n")
            .With("gpu/one/run", "#!/bin/sh\n").With("gpu/one/info/description", "first\n").With("gpu/one/info/qemu-args", "-device edu\n").With("gpu/one/info/expect-failure", "")
            .With("gpu/two/run", "#!/bin/sh\n").With("gpu/two/data/file", "x").With("gpu/two/info/timeout", "5");
        var suite = Assert.Single(SuiteReader.Read(_folder["gpu"]));
        var (one, two) = (suite.Tests[0].Settings, suite.Tests[1].Settings);
        Assert.Equal(["one", "two"], suite.Tests.Select(test => test.Name));
        Assert.Equal(("first", TimeSpan.FromSeconds(90), "expected to fail"), (one.Description, one.Timeout, one.ExpectedFailure));
        Assert.Equal(["-device", "virtio-rng-pci", "-device", "edu"], one.QemuArguments);
        Assert.Equal((TimeSpan.FromSeconds(5), null, _folder["bzImage"]), (two.Timeout, two.ExpectedFailure, two.KernelImage));
        Assert.Null(two.CannotRun);
    }

    [Fact]
    public void In_Igalias_layout_a_kernel_and_a_QEMU_are_paths_or_names_and_a_disk_is_looked_at()
    {
        _folder.With("s/t/run", "#!/bin/sh\n").With("s/info/kernel", "debian:6.12\n").With("s/info/qemu", "qemu-system-x86_64\n").With("s/info/disk-image", "../disk.img\n");
        File.WriteAllBytes(_folder["disk.img"], new byte[1024]);
        var settings = SuiteReader.Read(_folder["s"])[0].Tests[0].Settings;
        Assert.Equal(("debian:6.12", "qemu-system-x86_64", new DiskImage(_folder["disk.img"], "raw"), true), (settings.KernelImage, settings.Qemu, settings.Disk, settings.SharedFolder));
        File.WriteAllBytes(_folder["disk.img"], [(byte)'Q', (byte)'F', (byte)'I', 0xFB, 0, 0, 0, 3]);
        _folder.With("s/info/qemu", "bin/qemu");
        settings = SuiteReader.Read(_folder["s"])[0].Tests[0].Settings;
        Assert.Equal((_folder["s/bin/qemu"], "qcow2"), (settings.Qemu, settings.Disk!.Format));
        Assert.False(SuiteReader.Read(_folder.WithTest("plain/t")["plain"])[0].Tests[0].Settings.SharedFolder);
    }

    [Theory]
    [InlineData("disk-image", "nowhere.img", "info/disk-image:1: disk-image: there is no disk image")]
    [InlineData("disk-image", "t", "is a directory; expected the path of a disk image, raw or qcow2")]
    [InlineData("disk-image", "t/run", "is no disk image but a script; expected raw or qcow2")]
    [InlineData("disk-image", "info/disk-image", "a raw one is whole sectors of 512 bytes, not 15 bytes")]
    [InlineData("disk-image", "", "disk-image: expected the path of a disk image, raw or qcow2, in one line")]
    [InlineData("kernel", "one\ntwo", "info/kernel:1: kernel: expected the path of a kernel image, or a name that 'understudy kernels' lists, in one line")]
    [InlineData("qemu", "", "info/qemu:1: qemu: expected the path of a qemu-system-x86_64, or the name of one on the PATH, in one line")]
    [InlineData("timeout", "soon", "info/timeout:1: timeout: expected seconds, or a time such as 30s or 2m, not 'soon'")]
    public void What_is_wrong_in_Igalias_layout_is_told_with_its_file(string file, string content, string expected)
    {
        _folder.With("s/t/run", "#!/bin/sh\n").With($"s/info/{file}", content);
        Assert.Contains(expected, Assert.Single(Assert.Throws<SuiteException>(() => SuiteReader.Read(_folder["s"])).Problems).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_test_may_ask_for_an_IOMMU_and_bring_programs()
    {
        _folder.With("s/data/tool.c", "int main(void) { return 0; }").With("s/t/test.yaml", "iommu: intel\nmore-modules: [kvm-amd, kvm-intel]\nprograms: [../data/tool.c]\n").With("s/t/run", "#!/bin/sh\n");
        var settings = SuiteReader.Read(_folder["s"]).Single().Tests.Single().Settings;
        Assert.Equal(Understudy.Boards.GuestIommu.Intel, settings.Iommu);
        Assert.Equal(_folder["s/data/tool.c"], Assert.Single(settings.Programs));
        Assert.Equal(["kvm-amd", "kvm-intel"], settings.MoreModules);
        Assert.Empty(settings.Modules);
    }

    [Theory]
    [InlineData("time: slow", "one of host, virtual")]
    [InlineData("iommu: arm", "one of none, intel, amd, virtio")]
    [InlineData("programs: [nothing.c]", "expected the path of a C file or of a directory with a C# project")]
    public void An_IOMMU_or_a_program_that_there_is_not_is_told(string line, string expected)
    {
        _folder.With("s/t/test.yaml", $"{line}\n").With("s/t/run", "#!/bin/sh\n");
        Assert.Contains(expected, Assert.Throws<SuiteException>(() => SuiteReader.Read(_folder["s"])).Message, StringComparison.Ordinal);
    }
}
