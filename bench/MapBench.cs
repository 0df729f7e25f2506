using System.Globalization;
using Understudy.Build;
using Understudy.Runner.Suites;
using Understudy.Verdict;

namespace Understudy.Bench;

/// <summary>Mapping memory for a device by our library: a suite of one test, whose script is the bench (bench/vfio-map).</summary>
sealed class MapBench(Workshop workshop) : IBench
{
    const string Kernel = "vfio";
    const double MostRatio = 1.1;

    public string Name => "vfio-map";

    public string What => "a map with its unmap of 4 KiB, 2 MiB and 1 GiB in a guest by our library, against the same loop in C";

    public async Task<IReadOnlyList<Measurement>> RunAsync(CancellationToken cancel)
    {
        if (!await new KernelBuilder(workshop.Toolbox).IsBuiltAsync(Profile.Recipe(Kernel), cancel)) throw new BenchSkippedException($"nobody has built the kernel {Kernel} here, which takes minutes: understudy build --profile {Kernel}");
        var lines = await PlayAsync(cancel);
        var measurements = new List<Measurement>();
        foreach (var size in lines.GroupBy(words => (Mode: words[1], Bytes: ulong.Parse(words[2], CultureInfo.InvariantCulture))))
        {
            var name = $"{size.Key.Mode}, {Words(size.Key.Bytes)}";
            Series c = new($"{name}, in C", "ns"), ours = new(name, "ns");
            if (size.FirstOrDefault(words => words[3].StartsWith("skipped", StringComparison.Ordinal)) is { } skipped)
            {
                await Console.Error.WriteLineAsync($"{name} is skipped: {string.Join(' ', skipped[4..])}");
                continue;
            }
            foreach (var words in size) (words[0] == "c" ? c : ours).Add(double.Parse(words[3], CultureInfo.InvariantCulture));
            measurements.AddRange([c.Line(), ours.Against(c, $"<= {MostRatio}x", ratio => ratio <= MostRatio)]);
        }
        return measurements;
    }

    async Task<IReadOnlyList<string[]>> PlayAsync(CancellationToken cancel)
    {
        var output = Directory.CreateTempSubdirectory("vfio-map-");
        try
        {
            var request = new SuiteRequest(SuiteReader.Read(Workshop.InRepository("bench/vfio-map")), Path.Combine(output.FullName, "runs"), "bench/run vfio-map") { Kernels = [Kernel] };
            var result = (await SuiteRun.PlayAsync(workshop.Toolbox, request, new Nobody(), cancel)).Results.Single();
            if (!result.Outcome.IsGood()) throw new InvalidOperationException($"{result.Verdict}\n{string.Join('\n', result.Verdict.Evidence)}");
            return [.. File.ReadLines(Path.Combine(result.Directory, "run.out")).Select(line => line.Split(' ')).Where(words => words[0] is "c" or "ours" && words.Length > 3)];
        }
        finally
        {
            output.Delete(recursive: true);
        }
    }

    static string Words(ulong bytes) => bytes >= 1 << 30 ? $"{bytes >> 30} GiB" : bytes >= 1 << 20 ? $"{bytes >> 20} MiB" : $"{bytes >> 10} KiB";
}
