using Understudy.Vfio.Cases;

namespace Understudy.Vfio.Tests;

public sealed class HostSetupTests
{
    [Fact]
    public void A_module_that_does_not_load_is_told_in_the_words_of_what_should_have_loaded_it()
    {
        Assert.Contains("No such file or directory", HostSetup.Load("understudy-nothing", "ls"), StringComparison.Ordinal);
        Assert.Contains("ended with status 1", HostSetup.Load("understudy-nothing", "false"), StringComparison.Ordinal);
        Assert.Contains("cannot be started", HostSetup.Load("understudy-nothing", "understudy-no-such-program"), StringComparison.Ordinal);
        Assert.Null(HostSetup.Load("understudy-nothing", "true"));
    }

    [Fact]
    public void Huge_pages_are_asked_for_where_there_are_too_few_and_left_alone_where_there_are_enough()
    {
        var counter = Path.GetTempFileName();
        try
        {
            File.WriteAllText(counter, "3\n");
            Assert.Equal(3, HostSetup.ReserveHugePages(2, counter));
            Assert.Equal("3\n", File.ReadAllText(counter));
            Assert.Equal(8, HostSetup.ReserveHugePages(8, counter));
            Assert.Equal("8", File.ReadAllText(counter));
        }
        finally
        {
            File.Delete(counter);
        }
        Assert.Contains("CONFIG_HUGETLBFS", Assert.Throws<VfioException>(() => HostSetup.ReserveHugePages(1, counter)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(64)]
    [InlineData(1021)]
    public void What_is_copied_is_the_same_each_time_and_no_two_words_of_it_are(int bytes)
    {
        var (first, second) = (new byte[bytes], new byte[bytes]);
        CaseRig.Fill(first);
        CaseRig.Fill(second);
        Assert.Equal(first, second);
        Assert.Equal(bytes / 8, Enumerable.Range(0, bytes / 8).Select(word => BitConverter.ToUInt64(first, word * 8)).Distinct().Count());
    }
}
