using Understudy.Devices;
using Understudy.Pci;
using Understudy.Runner.Suites;

namespace Understudy.Testing.Tests;

/// <summary>What an attribute and a plugged model come to as a plan.</summary>
public sealed class PlanTests
{
    sealed class Anything : PciDevice
    {
        public Anything() : base(new PciIdentity(Vendor: 1, Device: 2, ClassCode: 0xFF_00_00))
        {
        }
    }

    static TestSettings Settings(DriverTestAttribute attribute, params AllowLogAttribute[] allowed) => attribute.Settings(allowed, []);

    [Fact]
    public void An_attribute_says_what_a_test_yaml_says()
    {
        var settings = Settings(new DriverTestAttribute
        {
            Description = "d", Devices = ["rtl8111 as lan"], Modules = ["r8169 debug=16"], Kernels = [">=6.1", "<7"], Boards = ["qemu"], Cpus = 2, MemoryMebibytes = 512,
            Timeout = 1500, ExpectFailure = "bug 17", LeakCheck = 20, ExpectFinding = ["^WARNING in"], ExpectLog = ["Link is (Up|Down)"], SkipIf = ["true"], Tags = ["smoke"], Skip = "not yet",
        }, new AllowLogAttribute("NETDEV", "so it is"));
        Assert.Equal(("lan", "rtl8111"), (settings.Devices[0].Name, settings.Devices[0].Entry.Name));
        Assert.Equal(new PlannedModule("r8169", "debug=16"), Assert.Single(settings.Modules));
        Assert.Equal(">=6.1, <7", settings.Kernel!.ToString());
        Assert.Equal((2, 512, TimeSpan.FromMilliseconds(1500)), (settings.Cpus, settings.MemoryMebibytes, settings.Timeout));
        Assert.Equal(("bug 17", "not yet", "so it is"), (settings.ExpectedFailure, settings.CannotRun, Assert.Single(settings.AllowedLog).Reason));
        Assert.Equal(20, settings.LeakCheck);
        Assert.Matches(Assert.Single(settings.ExpectedFindings), "WARNING in f");
        Assert.Matches(Assert.Single(settings.ExpectedLog), "Link is Down");
    }

    [Fact]
    public void An_attribute_that_says_nothing_is_a_directory_test_without_a_yaml()
    {
        var (said, unsaid) = (Settings(new DriverTestAttribute()), new TestSettings());
        Assert.Equal((unsaid.Timeout, unsaid.Cpus, unsaid.MemoryMebibytes), (said.Timeout, said.Cpus, said.MemoryMebibytes));
        Assert.Null(said.Kernel);
    }

    [Fact]
    public void An_allowed_check_has_to_exist()
    {
        Assert.Equal("slow card", Assert.Single(new DriverTestAttribute().Settings([], [new AllowCheckAttribute("wrong-size", "slow card")]).AllowedChecks).Reason);
        Assert.StartsWith("AllowCheck: there is no check 'size'", Assert.Throws<FormatException>(() => new DriverTestAttribute().Settings([], [new AllowCheckAttribute("size", "x")])).Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, DriverTestAttribute> Wrong => new()
    {
        { "Modules: expected a module", new() { Modules = ["debug=16"] } },
        { "Modules: there is no module directory", new() { Modules = ["./nowhere"] } },
        { "Kernels: expected a kernel", new() { Kernels = ["=>6"] } },
        { "Devices: there is no device 'rtl81111'", new() { Devices = ["rtl81111"] } },
        { "Boards: there is no board 'qemo'; there is qemu", new() { Boards = ["qemo"] } },
        { "Needs: there is no ability of a board 'wings'", new() { Needs = ["wings"] } },
        { "LeakCheck: expected 10 to 1000", new() { LeakCheck = 3 } },
        { "ExpectLog: expected a regular expression", new() { ExpectLog = ["("] } },
        { "Cpus: expected 1 to 64, not 0", new() { Cpus = 0 } },
        { "MemoryMebibytes: expected", new() { MemoryMebibytes = 1 } },
        { "Timeout: expected milliseconds", new() { Timeout = -1 } },
    };

    [Theory(DisableDiscoveryEnumeration = true)]
    [MemberData(nameof(Wrong))]
    public void What_is_wrong_is_told_with_its_property(string words, DriverTestAttribute attribute)
        => Assert.StartsWith(words, Assert.Throws<FormatException>(() => Settings(attribute)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_model_of_the_catalog_brings_its_name_and_its_orders()
    {
        var plan = CardName.Plan(new Rtl8111(), null, []);
        Assert.Equal(("nic", "rtl8111"), (plan.Name, plan.Entry.Name));
        Assert.Contains(plan.Entry.Orders, order => order.Name == "cable");
    }

    [Fact]
    public void Any_other_model_is_a_card_and_the_second_of_a_role_is_numbered()
    {
        Assert.Equal(("card", "Anything"), (CardName.Plan(new Anything(), null, []).Name, CardName.Plan(new Anything(), null, []).Entry.Name));
        Assert.Equal("nic2", CardName.Plan(new Rtl8111(), null, ["nic"]).Name);
        Assert.Equal("lan", CardName.Plan(new Rtl8111(), "lan", ["nic"]).Name);
    }

    [Theory]
    [InlineData("nic")]
    [InlineData("2nd")]
    [InlineData("")]
    [InlineData("a b")]
    public void A_name_that_is_taken_or_none_is_refused(string name) => Assert.Throws<ArgumentException>(() => CardName.Plan(new Rtl8111(), name, ["nic"]));

    [Fact]
    public async Task A_rig_outside_of_a_driver_test_is_refused()
    {
        await using var lab = new Lab();
        Assert.Contains("[DriverTest]", (await Assert.ThrowsAsync<InvalidOperationException>(lab.StartAsync)).Message, StringComparison.Ordinal);
    }
}
