using Understudy.Toolchain;

namespace Understudy.Build.Tests;

public sealed class GcovTests : IDisposable
{
    readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("understudy-notes-");

    [Theory]
    [InlineData("oncg*22B", 12)]
    [InlineData("oncg*24B", 14)]
    [InlineData("oncg*00A", 0)]
    public void Notes_say_which_gcc_wrote_them(string head, int major) => Assert.Equal(major, Gcov.MajorOf(Notes("a.gcno", head)));

    [Fact]
    public void What_no_gcc_wrote_is_refused() => Assert.Throws<ToolchainException>(() => Gcov.MajorOf(Notes("a.gcno", "oncg*804")));

    [Fact]
    public void Counters_belong_to_the_notes_of_the_same_place()
    {
        Notes("drivers/net/realtek/r8169_main.gcno", "oncg*22B");
        var driver = CountedSources.OfKernel(new DebugFiles("/src", [], _home.FullName), "drivers/net/realtek")!;
        Assert.Equal(Path.Combine(_home.FullName, "drivers/net/realtek/r8169_main.gcno"), driver.NotesFor("/sys/kernel/debug/gcov/somewhere/build/drivers/net/realtek/r8169_main.gcda"));
        Assert.Null(driver.NotesFor("/sys/kernel/debug/gcov/somewhere/build/drivers/net/realtek/other.gcda"));
        Assert.Null(driver.NotesFor("/sys/kernel/debug/gcov/somewhere/build/drivers/net/r8169_main.gcda"));
        Assert.Equal("/src/drivers/net/realtek/r8169.h", driver.PathOf("/usr/src/linux/drivers/net/realtek/r8169.h"));
        Assert.Null(driver.PathOf("/usr/src/linux/include/linux/pci.h"));
        Assert.Null(driver.PathOf("include/generated/autoconf.h"));
    }

    [Fact]
    public void A_kernel_that_counts_nothing_has_no_counted_sources() => Assert.Null(CountedSources.OfKernel(new DebugFiles("/src", [], null), "drivers/net"));

    public void Dispose() => _home.Delete(recursive: true);

    string Notes(string name, string head)
    {
        var path = Path.Combine(_home.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, head);
        return path;
    }
}
