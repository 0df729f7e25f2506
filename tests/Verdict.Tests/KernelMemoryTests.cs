namespace Understudy.Verdict.Tests;

public sealed class KernelMemoryTests
{
    const string Meminfo = """
        MemTotal:         220000 kB
        MemFree:          190000 kB
        MemAvailable:     180000 kB
        Buffers:               0 kB
        Cached:             3000 kB
        AnonPages:           200 kB
        Slab:               9500 kB
        KernelStack:         900 kB
        PageTables:          400 kB
        VmallocTotal:   34359738367 kB
        VmallocUsed:        7600 kB
        Percpu:              300 kB
        HugePages_Total:       0
        """;

    [Fact]
    public void What_nothing_accounts_for_is_pages()
    {
        var memory = KernelMemory.Parse(Meminfo);
        Assert.Equal(new KernelMemory(9500 * 1024, 7600 * 1024, (220000 - 190000 - 3000 - 200 - 9500 - 900 - 400 - 7600 - 300) * 1024), memory);
    }

    [Fact]
    public void A_file_that_lacks_a_line_is_refused_by_its_name() =>
        Assert.Contains("VmallocUsed", Assert.Throws<FormatException>(() => KernelMemory.Parse("MemTotal: 1 kB\nSlab: 1 kB\nnonsense")).Message, StringComparison.Ordinal);
}
