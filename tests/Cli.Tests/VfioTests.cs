namespace Understudy.Cli.Tests;

/// <summary><c>understudy vfio</c> as far as it needs no card.</summary>
public sealed class VfioTests : IDisposable
{
    static readonly string s_driver = Path.Combine(AppContext.BaseDirectory, "DittoDriver.dll");
    readonly string _home = Directory.CreateTempSubdirectory("ust-").FullName;

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public async Task A_driver_of_ones_own_is_tried_on_the_model()
    {
        var (code, output, error) = await RunAsync("test", "ditto", "--name", "driver.*", "--driver-assembly", s_driver);
        Assert.True(code == 0, output + error);
        Assert.Equal(9, output.Split('\n').Count(line => line.StartsWith("ok ", StringComparison.Ordinal) && !line.Contains("SKIP", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Without_it_the_cases_are_skips_that_say_so()
    {
        var (code, output, _) = await RunAsync("test", "ditto", "--name", "driver.memcpy_success*");
        Assert.Equal(0, code);
        Assert.Contains("# SKIP there is no driver for 1234:d177", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "There is no file none.dll", "test", "ditto", "--driver-assembly", "none.dll")]
    [InlineData(1, "There is no file none.dll", "list", "--driver-assembly", "none.dll")]
    [InlineData(1, "There is no PCI device ffff:00:00.0", "setup", "ffff:00:00.0")]
    [InlineData(2, "--huge-pages takes 0 to 1048576, not -1", "setup", "--huge-pages", "-1")]
    [InlineData(1, "There is no PCI device ffff:00:00.0", "test", "ffff:00:00.0")]
    [InlineData(2, "There is no device 'card'; there is rtl8111", "test", "card")]
    [InlineData(2, "'ioat' is a model", "test", "ioat", "--mode", "iommufd")]
    [InlineData(2, "There is no IOMMU mode 'type1'", "test", "ffff:00:00.0", "--mode", "type1")]
    [InlineData(2, "No case fits 'x*'", "test", "ioat", "--name", "x*")]
    public async Task What_cannot_be_is_said(int code, string words, params string[] arguments)
    {
        var (ended, output, error) = await RunAsync(arguments);
        Assert.Equal(code, ended);
        Assert.Contains(words, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output + error, StringComparison.Ordinal);
    }

    async Task<(int Code, string Out, string Error)> RunAsync(params IReadOnlyList<string> arguments)
    {
        using var program = CliProcess.Start(_home, new Dictionary<string, string?>(), ["vfio", .. arguments]);
        var code = await program.EndAsync();
        return (code, program.Out, program.Error);
    }
}
