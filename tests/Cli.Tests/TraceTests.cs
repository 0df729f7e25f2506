using System.Diagnostics;
using System.Text.Json;

namespace Understudy.Cli.Tests;

/// <summary><c>understudy trace</c> on a run directory that a real run left, shortened.</summary>
public sealed class TraceTests : IDisposable
{
    static readonly string s_run = Path.Combine(AppContext.BaseDirectory, "Samples", "link");

    readonly string _home = Directory.CreateTempSubdirectory("ust-").FullName;

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public async Task The_whole_trace_is_shown_with_both_times_and_register_names()
    {
        var (code, output, error) = await RunAsync("trace", s_run);
        Assert.Equal((0, ""), (code, error));
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(260, lines.Length);
        Assert.Contains("    3.640219        8842500 ns  nic  read        RTL8111.IntrStatus = 0x20 {LinkChange}", lines);
        Assert.DoesNotContain('\e', output);
    }

    [Theory]
    [InlineData(8, "irq", "--kind", "irq")]
    [InlineData(5, "stimulus", "--kind", "stimulus")]
    [InlineData(10, "IntrStatus = 0x20", "--register", "intrstatus", "--grep", "= 0x20 ")]
    [InlineData(20, "RTL8111.Intr", "--register", "RTL8111.Intr*", "--from", "3.4", "--to", "3.65")]
    [InlineData(7, "", "--around", "1", "--lines", "3", "--device", "nic")]
    public async Task A_filter_shows_what_fits_and_nothing_else(int count, string word, params string[] filter)
    {
        var (code, output, _) = await RunAsync(["trace", s_run, .. filter]);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal((0, count), (code, lines.Length));
        Assert.All(lines, line => Assert.Contains(word, line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Around_a_finding_it_stands_in_the_middle()
    {
        var (_, output, _) = await RunAsync("trace", s_run, "--around", "1", "--lines", "3");
        Assert.Contains("! RTL8111.IntrStatus was written with 0xffff", output.Split('\n')[3], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_kernel_log_stands_where_its_time_is()
    {
        var (_, output, _) = await RunAsync("trace", s_run, "--kind", "stimulus", "--log", "--from", "3.4");
        Assert.Equal(["nic cable off", "eth0: Link is Down", "nic cable on", "Link is Up - 1Gbps/Full"], output.Split('\n').Take(4).Select(line => new[] { "nic cable off", "nic cable on", "eth0: Link is Down", "Link is Up - 1Gbps/Full" }.Single(line.Contains)));
    }

    [Fact]
    public async Task As_json_it_is_one_document()
    {
        var (code, output, _) = await RunAsync("trace", s_run, "--kind", "irq", "--json");
        using var json = JsonDocument.Parse(output);
        Assert.Equal((0, 8), (code, json.RootElement.GetProperty("lines").GetArrayLength()));
        Assert.Equal("Interrupt vector 0", json.RootElement.GetProperty("lines")[0].GetProperty("text").GetString());
    }

    [Theory]
    [InlineData("it has nic", "--device", "disk")]
    [InlineData("did you mean 'irq'", "--kind", "irk")]
    [InlineData("seconds of the run", "--from", "soon")]
    [InlineData("number of a finding, 1 to 1", "--around", "2")]
    [InlineData("not a regular expression", "--grep", "(")]
    [InlineData("there is vcd, perfetto, pcap", "--export", "vdc")]
    [InlineData("no wire.pcap", "--export", "pcap")]
    public async Task Wrong_usage_says_what_would_be_right(string hint, params string[] arguments)
    {
        var (code, output, error) = await RunAsync(["trace", s_run, .. arguments]);
        Assert.Equal((2, ""), (code, output));
        Assert.Contains(hint, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_run_directory_is_said_to_be_none()
    {
        Assert.Contains("name a run directory", (await RunAsync("trace")).Error, StringComparison.Ordinal);
        Assert.Contains("no directory nowhere", (await RunAsync("trace", "nowhere")).Error, StringComparison.Ordinal);
        var (code, _, error) = await RunAsync("trace", Path.GetDirectoryName(s_run)!);
        Assert.Equal(2, code);
        Assert.Contains($"There are runs below it: {s_run}", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Vcd_has_registers_and_interrupts_as_signals_in_device_time()
    {
        var file = Path.Combine(_home, "out.vcd");
        var (code, _, error) = await RunAsync("trace", s_run, "--export", "vcd", "-o", file);
        Assert.Equal((0, ""), (code, error));
        var vcd = await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken);
        Assert.Contains("$timescale 1 ns $end", vcd);
        var status = Code(vcd, "reg 16 ", " RTL8111.IntrStatus [15:0] $end");
        var vector = Code(vcd, "event 1 ", " vector0 $end");
        var at = Array.IndexOf(vcd, "#8884500");
        Assert.Equal($"b10000100 {status}", vcd[at + 1]);
        Assert.Equal(8, vcd.Count(line => line == $"1{vector}"));
        var times = vcd.Where(line => line.StartsWith('#')).Select(line => long.Parse(line[1..], System.Globalization.CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(times.Distinct().Order(), times);
    }

    static string Code(string[] vcd, string type, string name)
    {
        var line = Assert.Single(vcd, line => line.StartsWith($"$var {type}", StringComparison.Ordinal) && line.EndsWith(name, StringComparison.Ordinal));
        return line.Split(' ')[3];
    }

    [Fact]
    public async Task Perfetto_has_steps_kernel_log_and_devices_on_tracks_of_their_own()
    {
        var (code, output, _) = await RunAsync("trace", s_run, "--export", "perfetto");
        Assert.Equal(0, code);
        using var json = JsonDocument.Parse(output);
        var events = json.RootElement.GetProperty("traceEvents").EnumerateArray().ToList();
        string Name(JsonElement e) => e.GetProperty("name").GetString()!;
        var tracks = events.Where(e => Name(e) == "thread_name").Select(e => e.GetProperty("args").GetProperty("name").GetString()).ToList();
        Assert.Equal(["config", "console", "irq", "kernel log", "read", "steps", "stimulus", "timer", "write"], tracks.Intersect(["config", "console", "irq", "kernel log", "read", "steps", "stimulus", "timer", "write"]).Order());
        var boot = Assert.Single(events, e => Name(e) == "boot");
        Assert.Equal(("X", 65668.5, 972331.5), (boot.GetProperty("ph").GetString(), boot.GetProperty("ts").GetDouble(), boot.GetProperty("dur").GetDouble()));
        Assert.Equal(8, events.Count(e => Name(e) == "Interrupt vector 0"));
        Assert.Contains(events, e => Name(e).EndsWith("Link is Up - 1Gbps/Full - flow control rx/tx", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Coverage_is_what_of_its_devices_the_driver_met()
    {
        var (code, output, _) = await RunAsync("trace", s_run, "--coverage");
        Assert.Equal(0, code);
        Assert.Matches(@"^nic \(rtl8111\): \d+ of 136 registers, \d+ of 280 field values, 1 of 2 interrupts, 3 of 3 capabilities\n", output);
        Assert.Matches(@"\n  RTL8111\.IntrMask +0 reads +\d+ writes\n", output);
        var (_, folder, _) = await RunAsync("trace", Path.GetDirectoryName(s_run)!, "--coverage", "--json");
        using var json = JsonDocument.Parse(folder);
        Assert.Equal("rtl8111", json.RootElement.GetProperty("devices")[0].GetProperty("model").GetString());
        var (none, _, error) = await RunAsync("trace", _home, "--coverage");
        Assert.Equal(2, none);
        Assert.Contains("no coverage.json", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_a_terminal_it_is_in_a_pager()
    {
        if (!File.Exists("/usr/bin/script")) Assert.Skip("script is not installed: apt-get install bsdutils");
        var start = new ProcessStartInfo("/usr/bin/script", ["-qec", $"dotnet {Path.Combine(AppContext.BaseDirectory, "understudy.dll")} trace {s_run} --kind irq", "/dev/null"])
        {
            RedirectStandardOutput = true, RedirectStandardInput = true,
        };
        (start.Environment["PAGER"], start.Environment["TERM"]) = ("sed 's/^/PAGED /'", "xterm");
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(8, output.Split('\n').Count(line => line.StartsWith("PAGED ", StringComparison.Ordinal) && line.Contains("Interrupt vector 0", StringComparison.Ordinal)));
    }

    async Task<(int Code, string Out, string Error)> RunAsync(params IReadOnlyList<string> arguments)
    {
        using var program = CliProcess.Start(_home, arguments);
        var code = await program.EndAsync();
        return (code, program.Out, program.Error);
    }
}
