using Understudy.Testing;

[assembly: AssemblyFixture(typeof(Lab))]

namespace EveryEnding;

/// <summary>A test for each way a driver test can end. They are meant to fail, and Machine.Tests looks at how.</summary>
public sealed class Endings(Lab lab)
{
    [DriverTest(Tags = ["quick"], Description = "nothing is wrong")]
    public async Task Passes() => Assert.Equal("well", await (await lab.StartAsync()).Guest.Run("echo well"));

    [DriverTest]
    public async Task Asserts_in_vain()
    {
        await lab.StartAsync();
        Assert.Fail("no carrier");
    }

    [DriverTest]
    public async Task Kernel_warns()
    {
        var rig = await lab.StartAsync();
        await rig.Guest.Run("echo '<4>WARNING: CPU: 0 PID: 1 at drivers/net/x.c:17 x_probe+0x1/0x2 [x]' > /dev/kmsg");
        await rig.Kernel.Log.Sees("x_probe");
    }

    [DriverTest]
    [AllowLog("x_probe", "we wrote it")]
    public async Task Kernel_may_warn()
    {
        var rig = await lab.StartAsync();
        rig.ExpectLog("y_probe");
        await rig.Guest.Run("for f in x y; do echo \"<4>WARNING: CPU: 0 PID: 1 at drivers/net/$f.c:17 ${f}_probe+0x1/0x2 [$f]\" > /dev/kmsg; done");
        await rig.Kernel.Log.Sees("y_probe");
    }

    [DriverTest(ExpectLog = ["never said"])]
    public Task Kernel_is_silent() => lab.StartAsync();

    [DriverTest(ExpectFailure = "bug 17")]
    public async Task Foretold() => await (await lab.StartAsync()).Guest.Run("exit 3");

    [DriverTest(ExpectFailure = "bug 17")]
    public Task Unforeseen() => lab.StartAsync();

    [DriverTest]
    public async Task Panics()
    {
        var rig = await lab.StartAsync();
        await rig.Guest.Run("echo c > /proc/sysrq-trigger; sleep 60");
    }

    [DriverTest(Timeout = 1000)]
    public async Task Overruns() => await (await lab.StartAsync()).Guest.Run("sleep 1000");

    [DriverTest(Timeout = 1000)]
    public async Task Overruns_and_does_not_listen()
    {
        await lab.StartAsync();
        await Task.Delay(System.Threading.Timeout.InfiniteTimeSpan, CancellationToken.None);
    }

    [DriverTest]
    public async Task Lab_breaks()
    {
        await lab.Plug(new CardWithAMistake(), out var card).StartAsync();
        card.Do(c => c.MakeIt());
        Assert.Fail("so it looks as if the driver had failed");
    }

    [DriverTest]
    public async Task Skips_itself()
    {
        await lab.StartAsync();
        Assert.Skip("not today");
    }

    [DriverTest(Skip = "not yet")]
    public void Is_skipped() => Assert.Fail("it ran");

    [DriverTest(Kernels = ["<5"])]
    public async Task Is_for_old_kernels()
    {
        await lab.StartAsync();
        Assert.Fail("it ran");
    }

    [DriverTest(Modules = ["no_such_driver"])]
    public async Task Needs_a_module_nobody_has()
    {
        await lab.StartAsync();
        Assert.Fail("it ran");
    }

    [DriverTest]
    public async Task Throws()
    {
        await lab.StartAsync();
        throw new InvalidOperationException("a mistake in the test");
    }

    [DriverTest]
    public void Has_no_rig()
    {
    }

    [DriverTest]
    public async Task Dies()
    {
        await lab.StartAsync();
        Environment.FailFast("a test that takes its process with it");
    }
}
