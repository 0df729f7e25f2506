using Understudy.Runner.Suites;

namespace Understudy.Runner.Tests;

public sealed class MatrixTests : IDisposable
{
    readonly SuiteFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    IReadOnlyList<MatrixPoint> Read(string text) => MatrixFile.Read(_folder.With("matrix.yaml", text)["matrix.yaml"]);

    [Fact]
    public void Axes_are_combined_and_points_named_after_what_tells_them_apart()
        => Assert.Equal(["debian:6.1,cpus=1", "debian:6.1,cpus=2", "debian:7.2,cpus=1", "debian:7.2,cpus=2"],
            Read("kernels: [debian:6.1, debian:7.2]\ncpus: [1, 2]\nmemory: [512M]\n").Select(point => point.Name));

    [Fact]
    public void What_is_excluded_is_not_there_and_what_is_included_is()
        => Assert.Equal(["debian:6.1,cpus=1", "debian:7.2,cpus=1", "debian:7.2,cpus=2", "debian:6.12,cpus=4"],
            Read("kernels: [debian:6.1, debian:7.2]\ncpus: [1, 2]\nexclude:\n  - {kernels: debian:6.1, cpus: 2}\ninclude:\n  - {kernels: debian:6.12, cpus: 4}\n").Select(point => point.Name));

    [Fact]
    public void A_point_takes_the_place_of_what_the_test_asks_for_and_of_nothing_else()
    {
        _folder.With("s/t/test.yaml", "devices: [rtl8111 as nic, pci-idio-16 as io]\nmodules: [r8169 debug=1, gpio_pci_idio_16]\ncpus: 1\n").With("s/t/run", "#!/bin/sh\n");
        var test = SuiteReader.Read(_folder["s"]).Single().Tests.Single();
        var point = Read("kernels: debian:6.1\ndevices: rtl8111dp as nic\ncpus: 2\nmemory: 1G\nmodule-parameters: {r8169: debug=16}\n").Single();
        var settings = point.For(test);
        Assert.Equal(["rtl8111dp", "pci-idio-16"], settings.Devices.Select(device => device.Entry.Name));
        Assert.Equal([new PlannedModule("r8169", "debug=16"), new PlannedModule("gpio_pci_idio_16", "")], settings.Modules);
        Assert.Equal((2, 1024), (settings.Cpus, settings.MemoryMebibytes));
    }

    [Fact]
    public void Each_cell_can_be_run_alone()
    {
        _folder.WithTest("s/a").WithTest("s/b");
        var points = Read("kernels: [debian:6.1, debian:7.2]\ncpus: [1, 2]\n");
        var request = new SuiteRequest(SuiteReader.Read(_folder["s"]), "out", "understudy run s") { Points = points, Seed = 5 };
        var cells = SuitePlan.Round(request, 0);
        Assert.Equal(8, cells.Count);
        Assert.Equal(8, cells.Select(cell => cell.Name).Distinct().Count());
        Assert.Contains($"--name a --matrix {Path.GetRelativePath(Environment.CurrentDirectory, _folder["matrix.yaml"])} --cell debian:6.1,cpus=1 --seed 5", cells[0].Reproduce, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kernles: [debian:6.1]\n", ":1: kernles: there is no such axis; did you mean 'kernels'?")]
    [InlineData("kernels: []\n", ":1: kernels: expected at least one value")]
    [InlineData("kernels: [debian:6.1]\ncpus: [0]\n", ":2: cpus: expected a number from 1 to 64, not '0'")]
    [InlineData("kernels: [debian:6.1]\ndevices: [rtl9999]\n", ":2: devices: there is no device 'rtl9999'")]
    [InlineData("kernels: [debian:6.1]\nboards: [qemo]\n", "qemo")]
    [InlineData("kernels: [debian:6.1]\nexclude:\n  - {kernels: debian:7.2}\n", ":3: exclude: kernels: debian:7.2 takes nothing away")]
    [InlineData("kernels: [debian:6.1]\nexclude:\n  - {kernels: debian:6.1}\n", "nothing is left of the matrix")]
    [InlineData("kernels: [debian:6.1]\ninclude:\n  - {kernels: debian:6.1}\n", "debian:6.1 is there twice")]
    [InlineData("kernels: [debian:6.1]\ninclude:\n  - {cpu: 2}\n", "there is no axis 'cpu'; did you mean 'cpus'?")]
    [InlineData("- debian:6.1\n", "expected 'key: value' lines, not a list")]
    [InlineData("kernels: [", "this is not YAML")]
    public void What_is_wrong_in_a_matrix_is_told_with_file_line_and_key(string text, string expected)
        => Assert.Contains(expected, Assert.Throws<SuiteException>(() => Read(text)).Message, StringComparison.Ordinal);
}
