using Understudy.Pci;
using Understudy.Runner.Suites;
using Understudy.Runner.Sweeps;
using Understudy.Verdict;

namespace Understudy.Runner.Tests;

public sealed class SweepTests : IDisposable
{
    static readonly SweepHead s_head = new(1, "ditto/copy", "uml", "7.2.12", "uml", 1, "ditto bug=3");
    readonly SuiteFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Touches_are_counted_by_what_a_rule_matches_and_fall_into_the_steps_they_came_in()
    {
        var touches = SweepTouch.From("nic",
        [
            new(BusOp.MmioRead, 0, 8, 4, "MAC.Status"), new(BusOp.MmioWrite, 0, 8, 4, "MAC.Status"), new(BusOp.MmioRead, 0, 8, 4, "MAC.Status"),
            new(BusOp.DmaWrite, 0, 0x1234, 16, "Descriptor"), new(BusOp.Interrupt, 0, 2, 0, ""),
        ], [("modules", 0), ("run", 2)]);
        Assert.Equal(
        [
            "nic: mmio-read MAC.Status nth=1", "nic: mmio-write MAC.Status nth=1", "nic: mmio-read MAC.Status nth=2", "nic: dma-write * nth=1", "nic: irq 2 nth=1",
        ], touches.Select(touch => touch.ToString()));
        Assert.Equal(["modules", "modules", "run", "run", "run"], touches.Select(touch => touch.Step));
    }

    [Fact]
    public void What_looks_the_same_to_the_driver_is_tried_once_unless_all_is_asked_for()
    {
        var poll = Enumerable.Repeat(new TouchPoint(BusOp.MmioRead, 0, 8, 4, "MAC.Status"), 5).ToList();
        var touches = SweepTouch.From("nic", poll, [("run", 0)]);
        Assert.Equal(2, SweepPlan.For(touches, _ => [], exhaustive: false).DistinctBy(point => point.Touch).Count());     // the first, and those after one like it
        Assert.Equal(5, SweepPlan.For(touches, _ => [], exhaustive: true).DistinctBy(point => point.Touch).Count());
    }

    [Fact]
    public void Places_take_turns_and_legal_faults_come_before_hostile_ones_and_telling_ones_before_the_rest()
    {
        var touches = SweepTouch.From("nic", [new(BusOp.MmioRead, 0, 8, 4, "A.X"), new(BusOp.MmioRead, 0, 12, 4, "A.Y"), new(BusOp.MmioRead, 0, 8, 4, "A.X")], [("run", 0)]);
        var points = SweepPlan.For(touches, _ => [], exhaustive: true);
        HashSet<FaultKind> telling = [FaultKind.Fail, FaultKind.Drop, FaultKind.Value, FaultKind.Flip, FaultKind.Remove, FaultKind.Do];
        var turns = points.Select(point => point.Touch.Nth + (telling.Contains(point.Rule.Effect.Kind) ? 0 : 1)).ToList();
        Assert.Equal(turns.Order(), turns);
        Assert.Equal([1, 2, 3], turns.Distinct());
        foreach (var turn in points.Zip(turns, (point, turn) => (Point: point, Turn: turn)).GroupBy(one => (one.Turn, telling.Contains(one.Point.Rule.Effect.Kind))))
        {
            var classes = turn.Select(one => one.Point.Class).ToList();
            Assert.Equal(classes.Order(), classes);
            Assert.Equal(2, classes.Distinct().Count());
        }
    }

    [Fact]
    public void What_the_device_does_by_itself_comes_first_and_configuration_space_last()
    {
        var touches = SweepTouch.From("nic", [new(BusOp.ConfigRead, 0, 0, 4, "Config.VendorId"), new(BusOp.MmioWrite, 0, 8, 4, "A.X"), new(BusOp.MmioRead, 0, 8, 4, "A.X"), new(BusOp.Interrupt, 0, 0, 0, ""), new(BusOp.DmaWrite, 0, 0x1000, 8, "")], [("run", 0)]);
        var tried = SweepPlan.For(touches, _ => [], exhaustive: true).Where(point => point.Rule.Effect.Kind is FaultKind.Fail or FaultKind.Drop or FaultKind.Value or FaultKind.Flip or FaultKind.Remove);
        string[] sides = ["own", "mmio-read", "mmio-write", "config-read"];
        var order = tried.Select(point => Array.IndexOf(sides, point.Touch.Op is BusOp.Interrupt or BusOp.DmaWrite ? "own" : point.Rule.Operation)).ToList();
        Assert.Equal(order.Order(), order);
        Assert.Equal([0, 1, 2, 3], order.Distinct());
    }

    [Fact]
    public void Every_effect_that_is_planned_is_a_rule_that_can_be_read_back()
    {
        foreach (var op in Enum.GetValues<BusOp>())
            foreach (var effect in SweepPlan.Effects(op, ["press"]))
            {
                var rule = new SweepTouch("ditto", "run", op, "*", 3).Rule(effect);
                Assert.Equal(rule, FaultRule.Parse(rule.ToString()));
            }
    }

    [Fact]
    public void What_would_send_the_device_itself_astray_is_not_planned()
    {
        Assert.DoesNotContain(SweepPlan.Effects(BusOp.MmioWrite, []), effect => effect.Kind is FaultKind.Drop or FaultKind.Value or FaultKind.Flip);
        Assert.DoesNotContain(SweepPlan.Effects(BusOp.DmaRead, []), effect => effect.Kind is FaultKind.Corrupt or FaultKind.Unmapped);
    }

    [Fact]
    public void A_journal_goes_on_after_its_last_whole_line()
    {
        using (var journal = SweepJournal.Open(_folder.Path, s_head))
        {
            journal.Add(Result("a", SweepOutcome.Survived));
            journal.Add(Result("b", SweepOutcome.Found));
            journal.Add(Result("c", SweepOutcome.Broken));
        }
        File.AppendAllText(_folder[SweepJournal.Name], "{\"rule\":\"d\",\"outc");
        using (var journal = SweepJournal.Open(_folder.Path, s_head))
        {
            Assert.Equal(["a", "b"], journal.Known.Keys.Order());     // what the lab broke is tried again
            Assert.Equal("it broke", Assert.Single(journal.Known["b"].Findings).Title);
            journal.Add(Result("d", SweepOutcome.Survived));
        }
        using var last = SweepJournal.Open(_folder.Path, s_head);
        Assert.Equal(["a", "b", "d"], last.Known.Keys.Order());
    }

    [Fact]
    public void A_journal_of_another_sweep_is_refused_and_says_of_which()
    {
        SweepJournal.Open(_folder.Path, s_head).Dispose();
        var wrong = Assert.Throws<IOException>(() => SweepJournal.Open(_folder.Path, s_head with { Parameters = "ditto bug=4" }));
        Assert.Contains("ditto bug=3", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("--output", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_that_is_none_of_a_journal_is_named_by_its_number()
    {
        SweepJournal.Open(_folder.Path, s_head).Dispose();
        File.AppendAllText(_folder[SweepJournal.Name], "no json\n");
        Assert.Contains($"{SweepJournal.Name}:2", Assert.Throws<IOException>(() => SweepJournal.Open(_folder.Path, s_head)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Faults_of_the_device_that_show_the_same_fault_of_the_driver_are_one_finding_the_smallest_first()
    {
        var touches = SweepTouch.From("nic", [new(BusOp.MmioRead, 0, 8, 4, "A.X")], [("run", 0)]);
        var points = SweepPlan.For(touches, _ => [], exhaustive: true);
        var results = points.ToDictionary(point => point.Text, point => Result(point.Text, point.Rule.Effect.Kind is FaultKind.Remove or FaultKind.Value ? SweepOutcome.Found : SweepOutcome.Survived));
        var summary = new SweepSummary(new SweepRequest(Test(), _folder.Path, "understudy sweep t"), "k", touches, points, results, [], [new SweepFinding("1", "bus-master-at-remove", "left on", [])], null, 1, points.Count);
        var group = Assert.Single(summary.Groups);
        Assert.Equal("nic: mmio-read A.X nth=1 -> remove", group.Smallest.Rule);
        Assert.Equal("understudy sweep t --fault 'nic: mmio-read A.X nth=1 -> remove'", summary.Reproduce(group.Smallest.Rule));
        Assert.Equal(1, summary.ExitCode);
        var page = SweepReport.Render(summary);
        Assert.Contains("<li><b>bus-master-at-remove</b> left on</li>", page, StringComparison.Ordinal);
        Assert.Contains("it broke", page, StringComparison.Ordinal);
        Assert.Equal(points.Count, page.Split("<td><").Length - 1);
    }

    [Fact]
    public void Where_a_fault_reached_new_lines_the_others_of_its_place_come_next_in_their_order()
    {
        var touches = SweepTouch.From("nic", [new(BusOp.MmioRead, 0, 8, 4, "A.X"), new(BusOp.MmioRead, 0, 12, 4, "A.Y")], [("run", 0)]);
        var points = SweepPlan.For(touches, _ => [], exhaustive: true);
        var queue = new SweepQueue(points);
        var first = queue.Next()!;
        Assert.Equal(points[0], first);
        queue.Favour(points.First(point => point.Touch.Target == "A.Y"));
        List<SweepPoint> order = [];
        while (queue.Next() is { } point) order.Add(point);
        var favoured = points.Where(point => point.Touch.Target == "A.Y").ToList();
        Assert.Equal(favoured, order.Take(favoured.Count));
        Assert.Equal(points.Skip(1).Except(favoured), order.Skip(favoured.Count));
    }

    [Fact]
    public void Lines_that_were_reached_before_are_not_new_in_this_sweep_or_in_one_that_goes_on()
    {
        var lines = new ReachedLines(_folder.Path);
        Assert.False(lines.Add(null));
        Assert.Null(lines.Summary);
        Assert.True(lines.Add(Ran(1, 3)));
        Assert.False(lines.Add(Ran(3)));
        Assert.True(lines.Add(Ran(4)));
        lines.Write();
        var on = new ReachedLines(_folder.Path);
        Assert.False(on.Add(Ran(1, 3, 4)));
        Assert.True(on.Add(Ran(2)));
        Assert.Equal("d.c 100.0 % of 4 lines", on.Summary);
    }

    // A driver of four lines, of which these ran.
    static LineCoverage Ran(params int[] lines)
        => new([new CoveredSource("d.c", Enumerable.Range(1, 4).ToDictionary(line => line, line => lines.Contains(line) ? 1L : 0), new Dictionary<string, (int, long)>())]);

    [Fact]
    public void A_hang_is_told_by_the_function_of_a_module_and_its_task_comes_first()
    {
        string[] said =
        [
            "sysrq: Show State", "task:kworker/u4:0    state:I stack:0", " [<602cc1f6>] worker_thread+0xe6/0x170",
            "[    5.06] task:init            state:R stack:0", "[    5.06]  [<70816a7c>] ? ditto_old+0x1/0x190 [ditto]", "[    5.06]  [<70816a7c>] ditto_reset.cold+0x10c/0x190 [ditto]", "[    5.06]  [<602cc1f6>] pci_device_probe+0xe6/0x170",
            "task:agent           state:S stack:0",
        ];
        var (function, lines) = StuckTask.In(said);
        Assert.Equal("ditto_reset", function);
        Assert.Equal([said[3], said[4], said[5], said[6], said[0], said[1], said[2], said[7]], lines);
        Assert.Equal("nvme_wait_ready", StuckTask.In(["RIP: 0010:nvme_wait_ready+0x58/0xe0 [nvme_core]"]).Function);
        Assert.Null(StuckTask.In(said[..3]).Function);
    }

    [Fact]
    public void The_table_of_planted_bugs_is_read_and_its_mistakes_are_named()
    {
        _folder.WithTest("s/t", "devices: ditto\n").With("s/planted", "# bugs\n7 a bug = ^kasan:\n");
        var test = Test("s/t");
        var bug = Assert.Single(PlantedBugs.Read(test));
        Assert.Equal((7, "a bug"), (bug.Number, bug.Name));
        Assert.Matches(bug.Finding, "kasan: KASAN: double-free");
        _folder.With("s/planted", "seven is a bug\n");
        Assert.Contains("planted:1", Assert.Throws<FormatException>(() => PlantedBugs.Read(test)).Message, StringComparison.Ordinal);
        _folder.With("s/planted", "7 a bug = (\n");
        Assert.Contains("regular expression", Assert.Throws<FormatException>(() => PlantedBugs.Read(test)).Message, StringComparison.Ordinal);
    }

    DirectoryTest Test(string path = "s/t")
    {
        if (!Directory.Exists(_folder[path])) _folder.WithTest(path, "devices: ditto\n");
        return (DirectoryTest)SuiteReader.Read(_folder[path])[0].Tests[0];
    }

    static SweepResult Result(string rule, SweepOutcome outcome)
        => new(rule, outcome, 0.5, outcome == SweepOutcome.Found ? [new SweepFinding("f", "kasan", "it broke", ["line"])] : []);
}
