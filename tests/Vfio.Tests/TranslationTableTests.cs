namespace Understudy.Vfio.Tests;

public sealed class TranslationTableTests : IDisposable
{
    const string Card = "0000:03:00.0";
    readonly string _root = Directory.CreateTempSubdirectory("understudy-translations").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    // As linux 7.2 writes it behind QEMU's intel-iommu, for a page of each size.
    [Theory]
    [InlineData(0x0000_0000, 0x1000)]
    [InlineData(0x0000_0FFF, 0x1000)]
    [InlineData(0x0000_1000, 0)]
    [InlineData(0x0020_0000, 0x20_0000)]
    [InlineData(0x003F_FFFF, 0x20_0000)]
    [InlineData(0x4000_0000, 0x4000_0000)]
    [InlineData(0x8000_0000, 0)]
    public void The_page_that_maps_an_address_is_found(ulong iova, ulong size)
    {
        Show("""
            Device 0000:03:00.0 @0x10b2f000
            IOVA_PFN         	PML5E             	PML4E             	PDPE              	PDE               	PTE
            0x0000000000000 |	0x0000000000000000	0x00000000111a3003	0x00000000111a4003	0x00000000111a5003	0x00000000202d3003
            0x0000000000200 |	0x0000000000000000	0x00000000111a3003	0x00000000111a4003	0x0000000012400083
            0x0000000040000 |	0x0000000000000000	0x00000000111a3003	0x0000000040000083

            """);
        Assert.Equal(size, TranslationTable.PageSize(Card, iova, _root));
    }

    [Fact]
    public void A_kernel_that_does_not_show_it_is_no_unmapped_address() => Assert.Null(TranslationTable.PageSize(Card, 0, _root));

    void Show(string text)
    {
        Directory.CreateDirectory(Path.Combine(_root, Card));
        File.WriteAllText(Path.Combine(_root, Card, "domain_translation_struct"), text);
    }
}
