namespace Understudy.Toolchain.Tests;

public class AptStatusTests
{
    static DebianPackage Package(string name, string depends) => new(name, "2-1", "amd64", depends, 1, 1, "");

    [Fact]
    public void What_the_fetched_packages_lack_is_pretended_in_a_version_that_suits()
    {
        var status = AptStatus.Satisfying([
            Package("image", "base (>= 4.12~), kmod, dracut | initramfs-tools (>= 0.120), modules (= 2-1), extra:any (<< 5), exact (= 3-4)"),
            Package("modules", "kmod"),
        ]);
        Assert.Contains(
            "Provides: base (= 999999:0), dracut (= 999999:0), exact (= 3-4), extra (= 0~~), initramfs-tools (= 999999:0), kmod (= 999999:0)\n",
            status, StringComparison.Ordinal);
    }

    [Fact]
    public void A_set_that_lacks_nothing_needs_no_pretence() =>
        Assert.Equal("", AptStatus.Satisfying([Package("a", "b"), Package("b", "")]));
}
