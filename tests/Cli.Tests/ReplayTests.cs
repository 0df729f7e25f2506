using System.Text.Json;
using Understudy.Devices;
using Understudy.Pci;

namespace Understudy.Cli.Tests;

/// <summary><c>understudy replay</c> on recordings made here, without a guest.</summary>
public sealed class ReplayTests : IDisposable
{
    static readonly string s_sample = Path.Combine(AppContext.BaseDirectory, "Samples", "link");

    readonly string _home = Directory.CreateTempSubdirectory("ust-").FullName;

    public ReplayTests() => File.Copy(Path.Combine(s_sample, "run.json"), Path.Combine(Run, "run.json"));

    public void Dispose() => Directory.Delete(_home, recursive: true);

    string Run => Directory.CreateDirectory(Path.Combine(_home, "run")).FullName;

    string Recording => Path.Combine(Run, "io.trace.bin");

    void Record(Action<PciSlot<PciDevice>>? more = null, string model = "pci-idio-16")
    {
        var entry = Catalog.Find("pci-idio-16");
        using var recorder = new DeviceRecorder(File.Create(Recording), model);
        var slot = new PciSlot<PciDevice>(new LoopbackBus(), entry.Create(), [recorder]);
        slot.WriteConfig(4, [7, 0]);
        for (byte i = 0; i < 10; i++) slot.Write(2, 0, [i]);
        slot.Order("input 9 high", "io input 9 high", device => entry.Act(device, "input 9 high"));
        Span<byte> read = stackalloc byte[1];
        slot.Read(2, 5, read);
        more?.Invoke(slot);
        slot.Read(2, 0, read);
    }

    [Fact]
    public async Task An_unchanged_model_is_equal_orders_included()
    {
        Record();
        var (code, output, error) = await RunAsync("replay", Run);
        Assert.Equal((0, "io: equal to its end, 27 entries, 0 ns of device time\n", ""), (code, output, error));
        var (_, json, _) = await RunAsync("replay", Run, "--json");
        using var parsed = JsonDocument.Parse(json);
        Assert.Equal("equal", parsed.RootElement.GetProperty("devices")[0].GetProperty("end").GetString());
    }

    [Fact]
    public async Task What_differs_is_told_from_both_sides_and_ends_in_1()
    {
        Record();
        // The last byte is the answer to the last read.
        var bytes = await File.ReadAllBytesAsync(Recording, TestContext.Current.CancellationToken);
        bytes[^1] ^= 0x40;
        await File.WriteAllBytesAsync(Recording, bytes, TestContext.Current.CancellationToken);
        var (code, output, _) = await RunAsync("replay", Run);
        Assert.Equal(1, code);
        Assert.Contains("io: different after 26 entries", output, StringComparison.Ordinal);
        Assert.Matches(@"recorded: MmioRead IDIO16\.\w+ = 0x49 .*\nreplayed: MmioRead IDIO16\.\w+ = 0x9 ", output);
        Assert.Contains("the last of what it met:\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stimulus_in_C_is_named_and_ends_in_3()
    {
        Record(slot => slot.Do(card => card.ToString()));
        var (code, output, _) = await RunAsync("replay", Run);
        Assert.Equal(3, code);
        Assert.Contains("equal so far, 25 entries", output, StringComparison.Ordinal);
        Assert.Contains("'card => card.ToString()' was done to the device in C#, and cannot be done again", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_stops_where_it_is_told_and_shows_what_led_there()
    {
        Record();
        var (code, output, _) = await RunAsync("replay", Run, "--device", "io", "--to", "6");
        Assert.Equal(0, code);
        Assert.StartsWith("io: equal so far, 6 entries", output, StringComparison.Ordinal);
        Assert.Contains("MmioWrite IDIO16.", output, StringComparison.Ordinal);
        Assert.StartsWith("io: equal to its end", (await RunAsync("replay", Run, "--to-time", "1.5ms")).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("it has io", "--device", "nic")]
    [InlineData("from 0 on", "--to", "-1")]
    [InlineData("8842500ns, 8.8ms or 2s", "--to-time", "soon")]
    public async Task Wrong_usage_says_what_would_be_right(string hint, params string[] arguments)
    {
        Record();
        var (code, output, error) = await RunAsync(["replay", Run, .. arguments]);
        Assert.Equal((2, ""), (code, output));
        Assert.Contains(hint, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_read_is_said()
    {
        Assert.Contains("--record", (await RunAsync("replay", Run)).Error, StringComparison.Ordinal);
        Record(model: "rtl9999");
        Assert.Contains("There is no device 'rtl9999'", (await RunAsync("replay", Run)).Error, StringComparison.Ordinal);
        await File.WriteAllTextAsync(Recording, "nonsense", TestContext.Current.CancellationToken);
        var (code, _, error) = await RunAsync("replay", Run);
        Assert.Equal(2, code);
        Assert.Contains("not a recording of a device", error, StringComparison.Ordinal);
    }

    async Task<(int Code, string Out, string Error)> RunAsync(params IReadOnlyList<string> arguments)
    {
        using var program = CliProcess.Start(_home, arguments);
        var code = await program.EndAsync();
        return (code, program.Out, program.Error);
    }
}
