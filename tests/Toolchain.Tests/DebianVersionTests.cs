namespace Understudy.Toolchain.Tests;

public class DebianVersionTests
{
    [Theory]
    [InlineData("6.12.117-1~deb12u1", "6.12.117-1")]
    [InlineData("6.9-1", "6.12-1")]
    [InlineData("6.1.176-1", "6.1.192-2")]
    [InlineData("1.0~rc1-1", "1.0-1")]
    [InlineData("1.0-1", "1.0a-1")]
    [InlineData("1.0a", "1.0+b")]
    [InlineData("9.9", "1:0.1")]
    [InlineData("7.2.12-1~bpo13+1", "7.2.12-1")]
    [InlineData("1.2", "1.2-1")]
    public void Versions_are_ordered_as_dpkg_orders_them(string older, string newer)
    {
        Assert.True(DebianVersion.Order.Compare(older, newer) < 0);
        Assert.True(DebianVersion.Order.Compare(newer, older) > 0);
    }

    [Theory]
    [InlineData("1.0", "1.0")]
    [InlineData("0:1.0", "1.0")]
    [InlineData("1.00", "1.0")]
    public void Versions_that_mean_the_same_are_equal(string x, string y) => Assert.Equal(0, DebianVersion.Order.Compare(x, y));
}
