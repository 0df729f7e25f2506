using System.Diagnostics;
using System.Globalization;

namespace Understudy.Bench;

/// <summary>What a guest that does nothing costs our own process.</summary>
sealed class IdleBench : IBench
{
    const double MostPercent = 1, MostMegabytes = 120;
    const double TicksPerSecond = 100;      // USER_HZ, which the kernel promises to user space on x86
    static readonly TimeSpan Window = TimeSpan.FromSeconds(20);

    public string Name => "idle";

    public string What => "our process while a guest with an RTL8111 idles for 20 s in 'understudy boot'; 100 % is one core";

    public async Task<IReadOnlyList<Measurement>> RunAsync(CancellationToken cancel)
    {
        var start = new ProcessStartInfo(Workshop.InRepository("understudy"), ["boot", "--kernel", Workshop.Kernel, "--device", "rtl8111", "-e", "echo idling; sleep 25"])
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} did not start");
        while (await process.StandardOutput.ReadLineAsync(cancel) is { } line && line != "idling") { }
        var (began, before) = (Stopwatch.GetTimestamp(), SpentSeconds(process.Id));
        await Task.Delay(Window, cancel);
        var percent = 100 * (SpentSeconds(process.Id) - before) / Stopwatch.GetElapsedTime(began).TotalSeconds;
        var megabytes = ResidentMegabytes(process.Id);
        await process.WaitForExitAsync(cancel);
        return
        [
            new Measurement("CPU time", percent, "%", Target: $"< {MostPercent} %", Met: percent < MostPercent),
            new Measurement("resident memory", megabytes, "MB", Target: $"< {MostMegabytes} MB", Met: megabytes < MostMegabytes),
        ];
    }

    /// <summary>User and system time (proc(5), /proc/pid/stat, fields 14 and 15).</summary>
    static double SpentSeconds(int process)
    {
        var text = File.ReadAllText($"/proc/{process}/stat");
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return (Number(fields[11]) + Number(fields[12])) / TicksPerSecond;
    }

    static double ResidentMegabytes(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return Number(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1]) * 1024 / 1e6;
    }

    static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
