using Understudy.Devices;
using Understudy.Vfio.Cases;

namespace Understudy.Vfio.Tests;

public sealed class VfioCasesTests
{
    static bool CanGuest => InterruptGuestTests.WhyNot is null;

    public static TheoryData<string> Cards => ["ioat", "dsa"];

    [Theory]
    [MemberData(nameof(Cards))]
    public void Every_case_passes_or_says_why_not_on_a_model(string card)
    {
        var ktap = new StringWriter();
        var cases = VfioCases.For([IommuMode.Model]);
        var failed = VfioCases.Run(cases, iommu => VfioDevice.Open(Catalog.Find(card).Create(), iommu), ktap, TestContext.Current.CancellationToken);
        Assert.True(failed == 0, ktap.ToString());
        Assert.Contains($"1..{cases.Count}", ktap.ToString(), StringComparison.Ordinal);
        var skipped = ktap.ToString().Split('\n').Where(line => line.Contains("# SKIP", StringComparison.Ordinal)).ToList();
        Assert.All(skipped, line => Assert.Matches("# SKIP .{10,}", line));
        // No MSI, no BAR to map, huge pages where there are none, no virtual functions, no sleep; and no guest of the guest where there is no KVM.
        Assert.InRange(skipped.Count, 1, 9 + 9 + (CanGuest ? 0 : 3));
    }

    [Fact]
    public void A_device_that_stalls_fails_the_cases_that_need_it_and_no_others()
    {
        var ktap = new StringWriter();
        var cases = VfioCases.For([IommuMode.Model]).Where(one => one.Name.StartsWith("driver.memcpy_success", StringComparison.Ordinal) || one.Name.StartsWith("config", StringComparison.Ordinal)).ToList();
        var failed = VfioCases.Run(cases, iommu => VfioDevice.Open(new Ioat(), iommu, new Refuses()), ktap, TestContext.Current.CancellationToken);
        Assert.Equal(1, failed);
        Assert.Contains("not ok 2 driver.memcpy_success.model", ktap.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_mode_this_kernel_lacks_is_a_skip()
    {
        Assert.SkipWhen(File.Exists("/dev/iommu"), "this machine has /dev/iommu");
        var ktap = new StringWriter();
        Assert.Equal(0, VfioCases.Run([.. VfioCases.For([IommuMode.Iommufd]).Take(1)], _ => throw new VfioException("not reached"), ktap, TestContext.Current.CancellationToken));
        Assert.Contains("# SKIP /dev/iommu cannot be opened", ktap.ToString(), StringComparison.Ordinal);
    }

    /// <summary>A machine whose memory answers no device.</summary>
    sealed class Refuses : Pci.BusInterceptor
    {
        public override void Handle(ref Pci.BusTransaction transaction, Pci.BusPath next)
        {
            if (transaction.Op == Pci.BusOp.DmaWrite) transaction.Refuse(Pci.BusStatus.UnsupportedRequest);
            else next.Send(ref transaction);
        }
    }
}
