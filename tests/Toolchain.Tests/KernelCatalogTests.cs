using System.Text;

namespace Understudy.Toolchain.Tests;

public class KernelCatalogTests
{
    static string Stanza(string package, string version, string depends = "kmod", long size = 1000) => $"""
        Package: {package}
        Version: {version}
        Architecture: amd64
        Depends: {depends}
        Description: a kernel
         with a second line
        Filename: pool/{package}.deb
        Size: {size}
        SHA256: 00


        """;

    static string Split(string release, string version) =>
        Stanza($"linux-image-{release}", version, $"linux-base-{release} (= {version}), linux-binary-{release} (= {version}), linux-modules-{release} (= {version})") +
        Stanza($"linux-base-{release}", version) + Stanza($"linux-binary-{release}", version) + Stanza($"linux-modules-{release}", version);

    static readonly string Index =
        Stanza("linux-image-6.1.0-50-amd64", "6.1.176-1") + Stanza("linux-image-6.1.0-56-amd64", "6.1.192-2") +
        Stanza("linux-image-6.1.0-9-amd64", "6.1.27-1") + Stanza("linux-image-6.1.0-56-cloud-amd64", "6.1.192-2") +
        Stanza("linux-image-6.1.0-56-amd64-dbg", "6.1.192-2") + Stanza("linux-image-6.1.0-56-amd64-unsigned", "6.1.192-2") +
        Stanza("linux-image-6.12-amd64", "6.12.117-1~deb12u1") + Stanza("linux-image-amd64", "6.12.117-1") +
        Stanza("linux-image-6.12.117+deb12-amd64", "6.12.117-1~deb12u1") + Stanza("linux-image-6.12.117+deb13-amd64", "6.12.117-1") +
        Stanza("bash", "5.2") + Split("7.2.12+deb13-amd64", "7.2.12-1~bpo13+1") + Split("7.2.12+deb13-cloud-amd64", "7.2.12-1~bpo13+1") +
        Stanza("linux-image-7.1.3+deb13-amd64", "7.1.3-1", "linux-modules-7.1.3+deb13-amd64 (= 7.1.3-1)") +
        Stanza("linux-image-7.3-rc2-amd64", "7.3~rc2-1~exp1");

    static readonly CatalogStamp Catalog =
        CatalogStamp.Of(PackagesIndex.Parse(Encoding.UTF8.GetBytes(Index), CatalogStamp.IsPartOfKernel), [], new DateTime(2026, 1, 2));

    [Fact]
    public void Every_name_means_its_newest_release()
    {
        Assert.Equal("6.1.0-56-amd64", KernelCatalog.Find(Catalog, "debian:6.1")?.Release);
        Assert.Equal("6.12.117+deb13-amd64", KernelCatalog.Find(Catalog, "debian:6.12")?.Release);
        Assert.Equal("6.1.0-56-cloud-amd64", KernelCatalog.Find(Catalog, "debian:6.1-cloud")?.Release);
        Assert.Equal("7.3-rc2-amd64", KernelCatalog.Find(Catalog, "debian:7.3")?.Release);
    }

    [Fact]
    public void A_whole_release_can_be_asked_for() =>
        Assert.Equal("6.1.176-1", KernelCatalog.Find(Catalog, "debian:6.1.0-50-amd64")?.PackageVersion);

    [Fact]
    public void Latest_is_the_newest_that_is_no_candidate_and_no_flavour() =>
        Assert.Equal("7.2.12+deb13-amd64", KernelCatalog.Find(Catalog, KernelName.Newest)?.Release);

    [Fact]
    public void Meta_debug_and_unsigned_packages_are_no_kernels() =>
        Assert.DoesNotContain(Catalog.Kernels, kernel => kernel.Packages[0].Name is
            "linux-image-6.12-amd64" or "linux-image-amd64" or "linux-image-6.1.0-56-amd64-dbg" or "linux-image-6.1.0-56-amd64-unsigned");

    [Fact]
    public void A_split_kernel_is_fetched_with_its_parts() => Assert.Equal(
        ["linux-image-7.2.12+deb13-amd64", "linux-binary-7.2.12+deb13-amd64", "linux-modules-7.2.12+deb13-amd64", "linux-base-7.2.12+deb13-amd64"],
        KernelCatalog.Find(Catalog, "debian:7.2")!.Packages.Select(package => package.Name));

    [Fact]
    public void A_kernel_whose_modules_are_in_no_suite_is_left_out() => Assert.Null(KernelCatalog.Find(Catalog, "debian:7.1"));

    [Fact]
    public void An_unknown_name_is_answered_with_the_nearest_ones()
    {
        Assert.Null(KernelCatalog.Find(Catalog, "debian:6.1-clod"));
        var message = KernelCatalog.UnknownMessage(Catalog, "debian:6.1-clod");
        Assert.Contains("'debian:6.1-clod' in the list of 2026-01-02. Did you mean debian:6.1-cloud", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "abc", 3)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("r8169", "r8169", 0)]
    public void Distance_counts_edits(string from, string to, int edits) => Assert.Equal(edits, Nearest.Distance(from, to));
}
