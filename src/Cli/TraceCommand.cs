using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Understudy.Toolchain;
using Understudy.Verdict;
using Understudy.Verdict.Traces;

namespace Understudy.Cli;

/// <summary><c>understudy trace</c>: what crossed a device's bus in a run, decoded.</summary>
static class TraceCommand
{
    static readonly Argument<string?> s_run = new("run") { Description = "A run directory", Arity = ArgumentArity.ZeroOrOne };
    static readonly Option<string[]> s_device = new("--device") { Description = "Only these devices", HelpName = "NAME,..." };
    static readonly Option<string[]> s_kind = new("--kind") { Description = $"Only these kinds of lines: {string.Join(", ", TraceWords.All)}", HelpName = "KIND,..." };
    static readonly Option<string[]> s_register = new("--register") { Description = "Only accesses to these registers, with or without their block's name; * and ? stand for other characters", HelpName = "PATTERN,..." };
    static readonly Option<string?> s_from = new("--from") { Description = "From this second of the run on", HelpName = "SECONDS" };
    static readonly Option<string?> s_to = new("--to") { Description = "Up to this second of the run", HelpName = "SECONDS" };
    static readonly Option<string?> s_grep = new("--grep") { Description = "Only lines in which this regular expression is found", HelpName = "REGEX" };
    static readonly Option<string?> s_around = new("--around") { Description = "The lines around a finding, by its number from 1, as the report shows them", HelpName = "FINDING" };
    static readonly Option<int> s_lines = new("--lines") { Description = "With --around: so many lines on either side", HelpName = "N", DefaultValueFactory = _ => 20 };
    static readonly Option<bool> s_log = new("--log") { Description = "The kernel log between the lines" };
    static readonly Option<bool> s_coverage = new("--coverage") { Description = "What of its devices the driver met: registers, values, interrupts, capabilities. A folder of runs: all of them together" };
    static readonly Option<string?> s_export = new("--export") { Description = $"Write it for another tool: {string.Join("; ", TraceExports.All.Select(export => $"{export.Format} ({export.What})"))}", HelpName = "FORMAT" };
    static readonly Option<string?> s_output = new("--output", "-o") { Description = "With --export: the file to write; standard output unless told", HelpName = "FILE" };
    static readonly Option<bool> s_json = CommandLine.Json();

    public static Command Create()
    {
        var command = new Verb("trace",
            "Show what crossed a device's bus in a run, decoded by its register map, in a pager on a terminal. Columns: seconds of the run, the device's own time, device, kind, what; '!' marks what a check or a fault said.",
            """
            understudy trace runs/2026-03-14T150926-demo
            understudy trace RUN --register 'Intr*,ChipCmd' --log         two registers, and what the kernel said meanwhile
            understudy trace RUN --kind irq,stimulus --from 2.5 --to 3    interrupts and what was done to the device, in half a second
            understudy trace RUN --around 1                               what led to the first finding
            understudy trace runs/run-20260314-150926-000 --coverage      what all those runs together met of their devices
            understudy trace RUN --export vcd -o run.vcd                  registers and interrupt lines as signals, for GTKWave
            understudy trace RUN --export perfetto -o run.json            for ui.perfetto.dev
            """) { s_run, s_device, s_kind, s_register, s_from, s_to, s_grep, s_around, s_lines, s_log, s_coverage, s_export, s_output, s_json };
        command.SetAction((parsed, _) => CommandLine.GuardAsync(parsed.GetValue(s_json), () => Task.FromResult(Run(parsed))));
        return command;
    }

    static int Run(ParseResult parsed)
    {
        if (parsed.GetValue(s_coverage)) return Coverage(parsed.GetValue(s_run), parsed.GetValue(s_json));
        var run = RunArgument.Load(parsed.GetValue(s_run), "trace");
        var filter = Filter(parsed, run);
        var lines = TraceLines.Of(run).Where(filter.Shows);
        if (parsed.GetValue(s_around) is { } around) lines = TraceLines.Around(lines, Finding(run, around), parsed.GetValue(s_lines));
        if (parsed.GetValue(s_export) is { } format) Export(run, lines, format, parsed.GetValue(s_output));
        else if (parsed.GetValue(s_json)) PrintJson(run, lines);
        else Pager.Show(Text(run, lines, filter, parsed.GetValue(s_log)));
        foreach (var problem in run.Problems) Console.Error.WriteLine($"understudy: {problem}");
        return ExitCode.Pass;
    }

    static int Coverage(string? path, bool json)
    {
        if (path is null || !Directory.Exists(path)) throw new UsageException("name a run directory, or a folder with run directories below it: understudy trace RUN --coverage");
        var coverage = File.Exists(Path.Combine(path, "run.json")) ? Verdict.Coverage.Of(path) : RunSummary.Read(path).Coverage();
        if (coverage is null) throw new UsageException($"{path} has no coverage.json: only runs with a device of ours in them leave one, at their end");
        if (json) Console.Out.WriteLine(coverage.ToJson());
        else Pager.Show(coverage.Lines());
        return ExitCode.Pass;
    }

    static TraceFilter Filter(ParseResult parsed, RunRecord run) => new()
    {
        Devices = [.. CommandLine.Words(parsed.GetValue(s_device)).Select(name => Device(run, name))],
        Kinds = [.. CommandLine.Words(parsed.GetValue(s_kind)).Select(Kind)],
        Registers = CommandLine.Words(parsed.GetValue(s_register)),
        From = Seconds(parsed.GetValue(s_from), "--from") ?? double.NegativeInfinity,
        To = Seconds(parsed.GetValue(s_to), "--to") ?? double.PositiveInfinity,
        Pattern = Pattern(parsed.GetValue(s_grep)),
    };

    static string Device(RunRecord run, string name) => run.Info.Devices.Any(device => device.Name == name) ? name
        : throw new UsageException($"the run has no device '{name}'; it has {(run.Info.Devices.Count == 0 ? "none" : string.Join(", ", run.Info.Devices.Select(device => device.Name)))}");

    static TraceKind Kind(string word) => TraceWords.Kind(word)
        ?? throw new UsageException($"there is no kind '{word}'; did you mean '{Nearest.To(word, TraceWords.All)[0]}'? There is {string.Join(", ", TraceWords.All)}");

    static double? Seconds(string? text, string option) => text is null ? null
        : double.TryParse(text.TrimEnd('s'), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds >= 0 ? seconds
        : throw new UsageException($"{option} takes seconds of the run, such as 2.5, not '{text}'");

    static Regex? Pattern(string? text)
    {
        try
        {
            return text is null ? null : new Regex(text, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception wrong) when (wrong is ArgumentException or NotSupportedException)
        {
            throw new UsageException($"--grep: '{text}' is not a regular expression we can use (no look-around, no back references): {wrong.Message}");
        }
    }

    static Finding Finding(RunRecord run, string number)
        => int.TryParse(number.TrimStart('#'), NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index >= 1 && index <= run.Findings.Count ? run.Findings[index - 1]
            : throw new UsageException(run.Findings.Count == 0 ? "--around: the run has no findings" : $"--around takes the number of a finding, 1 to {run.Findings.Count}, not '{number}'");

    static void Export(RunRecord run, IEnumerable<TraceRecord> lines, string format, string? output)
    {
        var formats = TraceExports.All.Select(known => known.Format);
        var export = TraceExports.Find(format) ?? throw new UsageException($"there is no format '{format}'; there is {string.Join(", ", formats)}");
        try
        {
            using var bytes = new MemoryStream();
            export.Write(run, lines, bytes);
            using var to = output is null ? Console.OpenStandardOutput() : File.Create(output);
            bytes.WriteTo(to);
        }
        catch (InvalidDataException lacking)
        {
            throw new UsageException(lacking.Message);
        }
    }

    static void PrintJson(RunRecord run, IEnumerable<TraceRecord> lines)
    {
        using var to = Console.OpenStandardOutput();
        using var json = new Utf8JsonWriter(to);
        json.WriteStartObject();
        json.WriteString("run", run.Info.Id);
        json.WriteStartArray("lines");
        foreach (var line in lines)
        {
            json.WriteStartObject();
            if (line.Seconds is { } seconds) json.WriteNumber("seconds", seconds);
            json.WriteNumber("deviceNanoseconds", line.DeviceNanoseconds);
            json.WriteString("device", line.Device);
            json.WriteString("kind", line.Kind.Word());
            json.WriteString("text", line.Text);
            json.WriteBoolean("finding", line.Finding);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static IEnumerable<string> Text(RunRecord run, IEnumerable<TraceRecord> lines, TraceFilter filter, bool log)
    {
        var width = run.Info.Devices.Select(device => device.Name.Length).DefaultIfEmpty(0).Max();
        var records = new Queue<KernelRecord>(log ? run.Kernel().Where(record => record.Seconds >= filter.From && record.Seconds <= filter.To) : []);
        var shown = false;
        foreach (var line in lines)
        {
            while (records.TryPeek(out var record) && record.Seconds <= line.Seconds) yield return Terminal.Styled("grey", TraceLines.Text(records.Dequeue(), width));
            yield return line.Finding ? Terminal.Styled("red", TraceLines.Text(line, width)) : TraceLines.Text(line, width);
            shown = true;
        }
        foreach (var record in records) yield return Terminal.Styled("grey", TraceLines.Text(record, width));
        if (!shown) yield return "no line of the trace fits";
    }
}
