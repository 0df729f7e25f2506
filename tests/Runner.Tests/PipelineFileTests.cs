using Understudy.Runner.Pipelines;
using Understudy.Runner.Suites;

namespace Understudy.Runner.Tests;

public sealed class PipelineFileTests : IDisposable
{
    const string Axes = """
        axes:
          kernel: [debian:6.1, debian:6.12, debian:7.2]
          irq:
            intx: {devices: axisg2-intx as dma}
            msi: {devices: axisg2-msi as dma}
            msix: {devices: axisg2 as dma}
          buffers:
            coherent: {module-parameters: {axisg2: cfgMode=1}}
            streaming: {module-parameters: {axisg2: cfgMode=2}}
          vcpus: [1, 2]

        """;

    readonly SuiteFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    Pipeline Read(string text)
    {
        _folder.WithTest("suite/t").With("driver/Kbuild", "obj-m := d.o\n");
        return Pipeline.Read(_folder.With("p.yaml", text)["p.yaml"]);
    }

    [Theory]
    [InlineData("phaes: {}\n", ":1: phaes: there is no key 'phaes'; did you mean 'phases'?")]
    [InlineData("description: x\n", "expected phases, such as")]
    [InlineData("phases: [", "this is not YAML")]
    [InlineData("- a\n", "expected 'key: value' lines, not a list")]
    [InlineData("phases:\n  build:\n    - biuld: driver\n", ":3: phases.build: there is no key of a step 'biuld'; did you mean 'build'?")]
    [InlineData("phases:\n  build:\n    - name: x\n", ":3: phases.build: expected one of shell, ")]
    [InlineData("phases:\n  build:\n    - {build: driver, suite: suite}\n", ":3: phases.build: expected one of")]
    [InlineData("phases:\n  build:\n    - build: drievr\n", "p.yaml:3: phases.build: there is nothing at")]
    [InlineData("phases:\n  build:\n    - build: driver\n      over: [kernel]\n", ":4: phases.build: there is no axis 'kernel'")]
    [InlineData("phases:\n  build: []\n", ":2: phases.build: expected steps")]
    [InlineData("phases:\n  a/b:\n    - shell: 'true'\n", "'a/b' is no name of a phase")]
    [InlineData("phases:\n  a:\n    - shell: 'true'\n    - shell: 'false'\n", "two steps are called 'shell'")]
    [InlineData("phases:\n  a:\n    - shell: 'true'\n      tags: [x]\n", ":4: phases.a: 'tags' goes with suite, and this step is of kind shell")]
    [InlineData("phases:\n  a:\n    - shell: 'true'\n      timeout: soon\n", ":4: phases.a: expected a time such as")]
    [InlineData("axes:\n  kernels: [debian:6.1]\nphases: {a: [{shell: x}]}\n", ":2: axes.kernels: an axis cannot be called 'kernels'; did you mean 'kernel'?")]
    [InlineData("axes:\n  vcpus: [0]\nphases: {a: [{shell: x}]}\n", ":2: axes.vcpus: expected a number from 1 to 64, not '0'")]
    [InlineData("axes:\n  irq: {msix: {device: axisg2}}\nphases: {a: [{shell: x}]}\n", "there is no meaning of a value 'device'; did you mean 'devices'?")]
    [InlineData("axes:\n  irq: {msix: {devices: axisg3}}\nphases: {a: [{shell: x}]}\n", ":2: axes.irq: there is no device 'axisg3'")]
    [InlineData("axes:\n  way: [rpm]\nphases: {a: [{shell: x}]}\n", ":2: axes.way: expected a way to install a package, tarball or deb, not 'rpm'")]
    [InlineData("axes:\n  distribution: [debian:14]\nphases: {a: [{shell: x}]}\n", ":2: axes.distribution: There is no distribution 'debian:14'. Did you mean")]
    [InlineData("axes:\n  distribution: [debian:12, ./roots/lab]\nphases: {a: [{shell: x}]}\n", "p.yaml:2: axes.distribution: There is no directory ")]
    [InlineData("axes:\n  distribution: ['oci:build.tar:1']\nphases: {a: [{shell: x}]}\n", "p.yaml:2: axes.distribution: There is neither an OCI layout nor an archive of an image at ")]
    [InlineData("axes:\n  distribution: ['podman:a=b']\nphases: {a: [{shell: x}]}\n", ":2: axes.distribution: expected a distribution such as debian:12 or oci:PATH, without spaces, quotes, ',' and '=', not 'podman:a=b'")]
    [InlineData("phases:\n  a:\n    - shell: 'true'\n      devices: [nvme]\n", ":4: phases.a: 'devices' goes with package, and this step is of kind shell")]
    [InlineData("axes:\n  vcpus: [1, 1]\nphases: {a: [{shell: x}]}\n", "the value '1' is there twice")]
    [InlineData("axes:\n  vcpus: [1, 2]\nphases:\n  a:\n    - {suite: suite, over: vcpus, exclude: [{vcpus: 3}]}\n", ":5: phases.a: there is no vcpus '3'; did you mean '1'?")]
    [InlineData("axes:\n  vcpus: [1]\nphases:\n  a:\n    - {suite: suite, over: vcpus, exclude: [{vcpus: 1}]}\n", ":5: phases.a: nothing is left of the step 'suite'")]
    public void What_is_wrong_in_a_pipeline_is_told_with_file_line_and_key(string text, string expected)
        => Assert.Contains(expected, Assert.Throws<SuiteException>(() => Read(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_root_of_the_users_own_is_named_from_the_file_and_known_by_what_is_written_there()
    {
        _folder.With("roots/lab/etc/os-release", "ID=lab\n").With("roots/image.tar", "");
        var axis = Read("axes:\n  distribution: [debian:12, ./roots/lab, 'oci:roots/image.tar:1', podman:debian:13]\nphases: {a: [{shell: x}]}\n").Axes[0];
        Assert.Equal(["debian:12", "./roots/lab", "oci:roots/image.tar:1", "podman:debian:13"], axis.Values.Select(value => value.Name));
        Assert.Equal(["debian:12", $"dir:{_folder["roots/lab"]}", $"oci:{_folder["roots/image.tar"]}:1", "podman:debian:13"], axis.Values.Select(value => value.Distribution!.Name));
    }

    [Fact]
    public void All_that_is_wrong_is_told_at_once()
        => Assert.Equal(3, Assert.Throws<SuiteException>(() => Read("axes:\n  vcpus: [0]\nphases:\n  a:\n    - biuld: driver\n    - shell: ''\n")).Problems.Count);

    [Fact]
    public void A_step_has_a_cell_for_each_combination_of_its_axes_and_each_can_be_chosen_alone()
    {
        var pipeline = Read(Axes + "phases:\n  cpu:\n    - {suite: suite, over: [kernel, irq, buffers, vcpus]}\n");
        var cells = pipeline.Cells();
        Assert.Equal(36, cells.Count);
        Assert.All(cells, cell => Assert.Equal(cell, Assert.Single(CellSelector.Choose(pipeline, [cell.Selector])), (one, other) => one.Name == other.Name));
        var point = cells.Single(cell => cell.Place == "kernel=debian:6.12,irq=msi,buffers=streaming,vcpus=2").Point(pipeline.File, "again");
        Assert.Equal(("debian:6.12", "axisg2-msi", 2, "cfgMode=2"), (point.Kernel, point.Devices.Single().Entry.Name, point.Cpus, point.AddedParameters["axisg2"]));
    }

    [Fact]
    public void A_cell_adds_its_parameters_behind_those_of_the_test()
    {
        _folder.With("axisg2/Kbuild", "obj-m := axisg2.o\n").WithTest("own/t", "devices: axisg2 as dma\nmodules: ../../axisg2 cfgSize=4096\n");
        var pipeline = Read(Axes + "phases:\n  cpu:\n    - {suite: own, over: [buffers]}\n");
        var test = SuiteReader.Read(_folder["own"]).Single().Tests.Single();
        Assert.Equal("cfgSize=4096 cfgMode=2", pipeline.Cells()[1].Point(pipeline.File, "again").For(test).Modules.Single().Parameters);
        Assert.Equal("again --name own/t --seed 3", new TestCell(test, "debian:6.1", 3) { Point = pipeline.Cells()[1].Point(pipeline.File, "again") }.Reproduce);
    }

    [Fact]
    public void Covering_pairs_each_value_meets_each_other_in_a_fraction_of_the_cells()
    {
        var pipeline = Read(Axes + "phases:\n  cpu:\n    - {suite: suite, over: [kernel, irq, buffers, vcpus], cover: pairs}\n");
        var some = pipeline.Cells();
        Assert.InRange(some.Count, 9, 11);
        Assert.Equal(PairsOf(pipeline.Cells(full: true)), PairsOf(some));
        Assert.Equal(36, pipeline.Cells(full: true).Count);

        static SortedSet<string> PairsOf(IEnumerable<PipelineCell> cells) => new(cells.SelectMany(cell => cell.Place.Split(',').SelectMany(one => cell.Place.Split(',').Select(other => $"{one} {other}"))), StringComparer.Ordinal);
    }

    [Fact]
    public void What_is_chosen_comes_with_what_goes_before_it_and_with_nothing_else()
    {
        var pipeline = Read(Axes + "phases:\n  lint:\n    - shell: 'true'\n  build:\n    - {build: driver, over: kernel}\n  cpu:\n    - {suite: suite, over: [kernel, irq]}\n");
        Assert.Equal(["lint/shell", "build/build/kernel=debian:6.1", "cpu/suite/kernel=debian:6.1,irq=msix"], CellSelector.Choose(pipeline, ["kernel=debian:6.1,irq=msix"]).Select(cell => cell.Name));
        Assert.Equal(["cpu/suite/kernel=debian:6.1,irq=msix", "cpu/suite/kernel=debian:7.2,irq=msix"], CellSelector.Choose(pipeline, ["phase=cpu,kernel=debian:6.1,irq=msix", "phase=cpu,kernel=debian:7.2,irq=msix"]).Select(cell => cell.Name));
    }

    [Theory]
    [InlineData("kernel=debian:6.11", "there is no kernel 'debian:6.11'; did you mean 'debian:6.1'? There is debian:6.1, debian:6.12, debian:7.2")]
    [InlineData("irk=msix", "there is no axis 'irk'; did you mean 'irq'?")]
    [InlineData("msix", "expected AXIS=VALUE,... such as kernel=")]
    [InlineData("", "expected AXIS=VALUE,...")]
    [InlineData("irq=msi,irq=msix", "names irq twice")]
    [InlineData("phase=build,irq=msi", "no cell is phase=build,irq=msi; nearest are phase=")]
    [InlineData("kernel=debian:7.2,irq=msix,buffers=coherent,vcpus=2", "--full runs it")]
    public void A_cell_that_is_not_there_is_refused_with_the_nearest(string text, string expected)
    {
        var pipeline = Read(Axes + "phases:\n  build:\n    - {build: driver, over: kernel}\n  cpu:\n    - {suite: suite, over: [kernel, irq, buffers, vcpus], cover: pairs}\n");
        Assert.Contains(expected, Assert.Throws<FormatException>(() => CellSelector.Choose(pipeline, [text])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Templates_have_each_cell_once_and_every_one_of_them_is_a_cell()
    {
        var pipeline = Read(Axes + "phases:\n  lint and docs:\n    - shell: 'true'\n  build:\n    - {build: driver, over: kernel}\n  cpu:\n    - {suite: suite, over: [kernel, irq, vcpus], cover: pairs}\n  packages:\n    - artefacts: '*.ko'\n");
        foreach (var text in (string[])[PipelineTemplate.GitHub(pipeline, pipeline.Cells(), "p.yaml"), PipelineTemplate.GitLab(pipeline, pipeline.Cells(), "p.yaml")])
        {
            Assert.Single(YamlFile.Read(_folder.With("workflow.yml", text)["workflow.yml"]));
            var named = text.Split('\n').Select(line => line.Trim()).Where(line => line.StartsWith("- phase=", StringComparison.Ordinal)).Select(line => line[2..]).ToList();
            Assert.Equal(pipeline.Cells().Where(cell => cell.Step.Kind != StepKind.Artefacts).Select(cell => cell.Selector), named);
            Assert.All(named, selector => Assert.Single(CellSelector.Choose(pipeline, [selector], full: true)));
        }
        Assert.Contains("needs: [lint-and-docs]", PipelineTemplate.GitHub(pipeline, pipeline.Cells(), "p.yaml"), StringComparison.Ordinal);
    }
}
