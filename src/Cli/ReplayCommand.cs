using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Understudy.Pci;
using Understudy.Runner;
using Understudy.Verdict;

namespace Understudy.Cli;

/// <summary><c>understudy replay</c>: a device of a recorded run does it all again, without the machine.</summary>
static partial class ReplayCommand
{
    static readonly Argument<string?> s_run = new("run") { Description = "The directory of a run that was recorded: understudy run --record", Arity = ArgumentArity.ZeroOrOne };
    static readonly Option<string?> s_device = new("--device") { Description = "Only this device; all that were recorded unless told", HelpName = "NAME" };
    static readonly Option<long?> s_to = new("--to") { Description = "Stop before this entry of the recording, and show what led there", HelpName = "N" };
    static readonly Option<string?> s_toTime = new("--to-time") { Description = "Stop at this device time, as in 8842500ns, 8.8ms or 2s, and show what led there", HelpName = "TIME" };
    static readonly Option<bool> s_json = CommandLine.Json();

    public static Command Create()
    {
        var command = new Verb("replay",
            "Feed what a device met in a recorded run to a fresh model, offline: the same accesses, the same memory, the same time. Stops at the first thing the model does that it did not do then, and names both. Run it under a debugger to see the model at any point. Exit codes: 0 equal, 1 different, 3 something cannot be done again.",
            """
            understudy run suites/rtl8111/link --record
            understudy replay runs/run-20260314-150926-000/rtl8111.link@debian-6.12
            understudy replay RUN --to-time 8.8ms      the model as it was then, and the last of what it had met
            understudy replay RUN --device nic --to 1200
            """) { s_run, s_device, s_to, s_toTime, s_json };
        command.SetAction((parsed, _) => CommandLine.GuardAsync(parsed.GetValue(s_json), () => Task.FromResult(Run(parsed))));
        return command;
    }

    static int Run(ParseResult parsed)
    {
        var run = RunArgument.Load(parsed.GetValue(s_run), "replay");
        var recordings = DeviceRecordings.In(run.Path);
        if (recordings.Count == 0) throw new UsageException($"{run.Path} has no recording: run it with 'understudy run ... --record', and replay that run");
        if (parsed.GetValue(s_device) is { } name)
            recordings = recordings.TryGetValue(name, out var file) ? new Dictionary<string, string> { [name] = file } : throw new UsageException($"the run has no recording of a device '{name}'; it has {string.Join(", ", recordings.Keys)}");
        if (parsed.GetValue(s_to) < 0) throw new UsageException("--to takes the number of an entry, from 0 on");
        var (worst, json) = (ExitCode.Pass, new JsonArray());
        foreach (var (device, file) in recordings)
        {
            var result = Replayed(file, parsed);
            worst = Math.Max(worst, Code(result.End));
            if (parsed.GetValue(s_json)) json.Add((JsonNode)Json(device, result));
            else Tell(device, result, parsed.GetValue(s_to) is not null || parsed.GetValue(s_toTime) is not null);
        }
        if (parsed.GetValue(s_json)) CommandLine.Print(new JsonObject { ["run"] = run.Info.Id, ["devices"] = json });
        return worst;
    }

    static ReplayResult Replayed(string file, ParseResult parsed)
    {
        try
        {
            return DeviceRecordings.Replay(file, parsed.GetValue(s_to), Nanoseconds(parsed.GetValue(s_toTime)));
        }
        catch (Exception wrong) when (wrong is InvalidDataException or KeyNotFoundException)
        {
            throw new UsageException($"{file}: {wrong.Message}");
        }
    }

    static int Code(ReplayEnd end) => end switch
    {
        ReplayEnd.Different => ExitCode.Fail,
        ReplayEnd.NotReplayable => ExitCode.Broken,
        _ => ExitCode.Pass,
    };

    static void Tell(string device, ReplayResult result, bool wantsTrace)
    {
        var where = string.Create(CultureInfo.InvariantCulture, $"{result.Entries} entries, {result.DeviceTime} ns of device time");
        Console.Out.WriteLine(result.End switch
        {
            ReplayEnd.Equal => $"{device}: equal to its end, {where}{(result.Text.Length > 0 ? $"; {result.Text}" : "")}",
            ReplayEnd.Stopped => $"{device}: equal so far, {where}",
            ReplayEnd.Different => $"{device}: different after {where}\n{result.Text}",
            _ => $"{device}: equal so far, {where}; then {result.Text}",
        });
        if (wantsTrace || result.End != ReplayEnd.Equal) Console.Out.Write($"the last of what it met:\n{result.Trace}");
    }

    static JsonObject Json(string device, ReplayResult result) => new()
    {
        ["device"] = device, ["end"] = result.End.ToString().ToLowerInvariant(), ["entries"] = result.Entries, ["deviceNanoseconds"] = result.DeviceTime, ["text"] = result.Text,
    };

    static long? Nanoseconds(string? text)
    {
        if (text is null) return null;
        var match = Time().Match(text);
        var unit = match.Groups[2].Value switch { "s" => 1_000_000_000m, "ms" => 1_000_000m, "us" => 1000m, _ => 1m };
        return match.Success && decimal.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) * unit is <= long.MaxValue and var nanoseconds ? (long)nanoseconds
            : throw new UsageException($"--to-time takes a device time such as 8842500ns, 8.8ms or 2s, not '{text}'");
    }

    [GeneratedRegex(@"^(\d{1,18}(?:\.\d{1,9})?)(ns|us|ms|s)$", RegexOptions.CultureInvariant)]
    private static partial Regex Time();
}
