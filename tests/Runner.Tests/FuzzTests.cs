using Understudy.Pci;
using Understudy.Runner.Fuzzing;
using Understudy.Runner.Suites;
using Understudy.Runner.Sweeps;
using Understudy.Verdict;

namespace Understudy.Runner.Tests;

public sealed class FuzzTests : IDisposable
{
    static readonly IReadOnlyList<SweepTouch> s_touches = SweepTouch.From("ditto",
    [
        new(BusOp.ConfigRead, 0, 0, 4, "Config.VendorId"), new(BusOp.MmioRead, 0, 4, 4, "Ditto.Capabilities"), new(BusOp.MmioWrite, 0, 0x2C, 4, "Ditto.Doorbell"),
        new(BusOp.DmaRead, 0, 0x1000, 32, ""), new(BusOp.DmaWrite, 0, 0x2000, 16, ""), new(BusOp.Interrupt, 0, 0, 0, ""), new(BusOp.MmioRead, 0, 0x10, 4, "Ditto.IntStatus"),
    ], [("run", 0)]);

    readonly SuiteFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Cases_are_of_the_seed_and_each_could_be_written_in_a_faults_file()
    {
        var (test, one, other) = (Test(), Cases(1, 500), Cases(1, 500));
        Assert.Equal(one.Select(Text), other.Select(Text));
        Assert.NotEqual(one.Select(Text), Cases(2, 500).Select(Text));
        foreach (var points in one)
        {
            Assert.InRange(points.Count, 1, 4);
            Assert.Equal(points.Select(point => point.Text), points.Select(point => SweepPoint.Parse(point.Text, test).Text));
        }
    }

    [Fact]
    public void Lies_are_told_field_by_field_and_the_device_itself_is_not_lied_to()
    {
        var points = Cases(1, 1000).SelectMany(points => points).ToList();
        var targets = points.Select(point => point.Rule.Target).ToHashSet();
        Assert.Superset(new HashSet<string> { "Ditto.Capabilities", "Ditto.Capabilities.ClockMhz", "Ditto.Capabilities.MaxRingBits", "Ditto.IntStatus.Button", "*", "0" }, targets);
        Assert.Contains(points, point => point.Rule is { Target: "Ditto.Capabilities.ClockMhz", Effect: { Kind: FaultKind.Value, Value: 0 } });
        Assert.All(points.Where(point => point.Rule.Target == "Ditto.Capabilities.MaxRingBits" && point.Rule.Effect.Kind == FaultKind.Value), point => Assert.True(point.Rule.Effect.Value <= 0xFF));
        Assert.DoesNotContain(points, point => point.Rule.Operation is "mmio-write" or "config-write" or "dma-read");
    }

    [Fact]
    public void A_corpus_keeps_what_shows_something_new_and_is_taken_up_again()
    {
        var (test, cases) = (Test(), Cases(1, 3));
        var corpus = new FuzzCorpus(_folder["corpus"], test);
        Assert.True(corpus.Add([], Shown(s_touches)));
        Assert.False(corpus.Add(cases[0], Shown(s_touches)));
        Assert.True(corpus.Add(cases[1], Shown([.. s_touches, .. s_touches])));
        Assert.True(corpus.Add(cases[2], Shown(s_touches, "exit code 1: 17 bytes are not copied")));
        Assert.False(corpus.Add(cases[2], Shown(s_touches, "exit code 1: 4096 bytes are not copied")));
        Assert.Equal(3, corpus.Count);
        Assert.Equal(new[] { cases[1], cases[2] }.Select(Text), new FuzzCorpus(_folder["corpus"], test).Earlier().Select(Text));
        _folder.With("corpus/0003.faults", "mmio-read Ditto.Statos -> fail\n");
        Assert.Contains("0003.faults: ", Assert.Throws<FormatException>(() => new FuzzCorpus(_folder["corpus"], test).Earlier()).Message, StringComparison.Ordinal);
    }

    static FaultedResult Shown(IReadOnlyList<SweepTouch> touches, string? detail = null)
        => new(touches, Struck: true, [], [], new RunVerdict(Outcome.Pass, "", []), [new StepRecord(0, "run", detail, 0, 1, detail is null ? Outcome.Pass : Outcome.Fail, [])]);

    static string Text(IReadOnlyList<SweepPoint> points) => string.Join('\n', points.Select(point => point.Text));

    List<IReadOnlyList<SweepPoint>> Cases(int seed, int count)
    {
        var (mutator, random) = (new FuzzMutator(Test()), new Random(seed));
        var cases = new List<IReadOnlyList<SweepPoint>> { Array.Empty<SweepPoint>() };
        while (cases.Count <= count) cases.Add(mutator.Next(cases[random.Next(cases.Count)], s_touches, random));
        return cases[1..];
    }

    DirectoryTest Test()
    {
        if (!Directory.Exists(_folder["s/t"])) _folder.WithTest("s/t", "devices: ditto\n");
        return (DirectoryTest)SuiteReader.Read(_folder["s/t"])[0].Tests[0];
    }
}
