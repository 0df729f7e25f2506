using Understudy.Bench;
using Understudy.Boards;
using Understudy.Guest;
using Understudy.Toolchain;

// Every bench there is. Ratios against a peer in the same run, medians over interleaved rounds; nothing here fails a build by its time.
// No BenchmarkDotNet: most of what is measured is a guest, a socket or a boot, which it cannot hold, and one small loop serves all.
var workshop = new Workshop();
IBench[] catalog =
[
    new MmioReadBench(workshop), new IrqBench(workshop), new PostedBench(workshop), new DmaBench(workshop), new RegistersBench(), new TraceBench(),
    new ScannerBench(), new BootBench(workshop), new RestoreBench(workshop), new FloodBench(), new EditTestBench(workshop), new IdleBench(), new UmlBench(workshop), new MapBench(workshop),
];

var json = args.Contains("--json");
List<string> names = [.. args.Where(arg => arg != "--json")];
int? samples = null;
if (names.IndexOf("--samples") is >= 0 and var option)
{
    if (option + 1 == names.Count || !int.TryParse(names[option + 1], out var count) || count < 1)
    {
        await Console.Error.WriteLineAsync("--samples is followed by a number of rounds, 1 or more.");
        return 2;
    }
    samples = count;
    names.RemoveRange(option, 2);
}
if (names.Contains("--help") || names.Contains("-h"))
{
    Console.WriteLine($"usage: bench/run [NAME...] [--json] [--samples N]\n\n--samples: rounds of those that tell each line as it is measured: {string.Join(", ", catalog.OfType<ILongBench>().Select(bench => bench.Name))}.\n\nWithout a name, every bench runs:");
    foreach (var bench in catalog) Console.WriteLine($"  {bench.Name,-16} {bench.What}");
    return 0;
}
if (names.Find(name => !Array.Exists(catalog, bench => bench.Name == name)) is { } unknown)
{
    await Console.Error.WriteLineAsync($"There is no bench '{unknown}'; there is {string.Join(", ", catalog.Select(bench => bench.Name))}.");
    return 2;
}
#if DEBUG
await Console.Error.WriteLineAsync("This is a debug build, which measures nothing: bench/run");
#endif

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, press) => { press.Cancel = true; stop.Cancel(); };
var status = 0;
var results = new Dictionary<string, IReadOnlyList<Measurement>>();
foreach (var bench in catalog.Where(bench => names.Count == 0 || names.Contains(bench.Name)))
{
    try
    {
        if (bench is ILongBench lengthy) results[bench.Name] = await TellAsync(lengthy);
        else
        {
            var result = results[bench.Name] = await bench.RunAsync(stop.Token);
            if (!json) Report.Table(bench, result);
        }
    }
    catch (BenchSkippedException skipped)
    {
        await Console.Error.WriteLineAsync($"{bench.Name} is skipped: {skipped.Message}");
    }
    catch (OperationCanceledException) when (stop.IsCancellationRequested)
    {
        return 130;
    }
    catch (Exception broken) when (broken is ToolchainException or BootFailedException or LabFailedException or GuestException or GuestLostException or InvalidOperationException)
    {
        await Console.Error.WriteLineAsync($"{bench.Name} could not be measured: {broken.Message}");
        status = 1;
    }
}
if (json) Report.Document(results);
return status;

async Task<IReadOnlyList<Measurement>> TellAsync(ILongBench bench)
{
    var lines = new List<Measurement>();
    if (!json) Report.Title(bench);
    await foreach (var line in bench.MeasureAsync(samples, stop.Token))
    {
        lines.Add(line);
        if (!json) Report.Line(line);
    }
    if (!json) Console.WriteLine();
    return lines;
}
