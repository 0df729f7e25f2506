using Understudy.Runner.Suites;

namespace Understudy.Runner.Tests;

public sealed class KernelConstraintTests
{
    [Theory]
    [InlineData("6.12.107+deb13-amd64", true, ">=6.12")]
    [InlineData("6.12.107+deb13-amd64", true, "6.12")]
    [InlineData("6.12.107+deb13-amd64", false, "6.1")]
    [InlineData("6.12.107+deb13-amd64", false, "<6.12.107")]
    [InlineData("6.12.107+deb13-amd64", true, ">=6.1", "<7")]
    [InlineData("7.2-amd64", false, ">=6.1", "<7")]
    [InlineData("7.2-amd64", true, "6.1", "7.2")]
    [InlineData("7.2-amd64", true, ">=6.1", "debian:*")]
    [InlineData("7.2-amd64", false, "fedora:*")]
    [InlineData("", false, ">=6.1")]
    public void A_kernel_is_allowed_by_its_release_or_its_name(string release, bool allowed, params string[] terms)
        => Assert.Equal(allowed, KernelConstraint.Parse(terms).Allows("debian:some", release));
}
