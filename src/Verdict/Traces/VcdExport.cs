using System.Globalization;
using System.Text;

namespace Understudy.Verdict.Traces;

/// <summary>Value Change Dump (IEEE 1800-2017, 21.7): every register a vector of what was last read or written there, the INTx pin a wire, each
/// message vector an event, in the device's own nanoseconds.</summary>
sealed class VcdExport : ITraceExport
{
    const string Pin = "INTx";

    public string Format => "vcd";

    public string What => "GTKWave, Surfer: registers and interrupt lines as signals, in device time";

    public void Write(RunRecord run, IEnumerable<TraceRecord> lines, Stream to)
    {
        var all = lines.Where(line => Changes(line).Any()).OrderBy(line => line.DeviceNanoseconds).ToList();
        var signals = Signals(all);
        using var text = new StreamWriter(to, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        text.WriteLine($"$comment {Plain(run.Info.Id)} $end\n$timescale 1 ns $end");
        foreach (var device in signals.Values.GroupBy(signal => signal.Device))
        {
            text.WriteLine($"$scope module {Plain(device.Key)} $end");
            foreach (var signal in device) text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"$var {signal.Type} {signal.Bits} {signal.Code} {signal.Name}{(signal.Type == "reg" ? $" [{signal.Bits - 1}:0]" : "")} $end"));
            text.WriteLine("$upscope $end");
        }
        text.WriteLine("$enddefinitions $end");
        WriteChanges(all, signals, text);
    }

    sealed record Signal(string Device, string Name, string Type, int Bits, string Code)
    {
        public ulong Value { get; set; }

        public bool IsKnown { get; set; }
    }

    readonly record struct Change(string Name, string Type, int Bits, ulong Value, ulong Mask = ulong.MaxValue);

    static Dictionary<(string, string), Signal> Signals(List<TraceRecord> lines)
    {
        var signals = new Dictionary<(string, string), Signal>();
        foreach (var line in lines)
            foreach (var change in Changes(line))
            {
                var key = (line.Device, change.Name);
                var bits = change.Bits;
                if (signals.TryGetValue(key, out var known)) signals[key] = known with { Bits = Math.Max(known.Bits, bits) };
                else signals[key] = new Signal(line.Device, change.Name, change.Type, bits, Code(signals.Count));
            }
        return signals;
    }

    static void WriteChanges(List<TraceRecord> lines, Dictionary<(string, string), Signal> signals, StreamWriter text)
    {
        var now = long.MinValue;
        foreach (var line in lines)
            foreach (var change in Changes(line))
            {
                var signal = signals[(line.Device, change.Name)];
                var value = (signal.Value & ~change.Mask) | change.Value;
                if (signal.IsKnown && signal.Value == value && signal.Type != "event") continue;
                (signal.Value, signal.IsKnown) = (value, true);
                if (line.DeviceNanoseconds > now) text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"#{now = line.DeviceNanoseconds}"));
                text.WriteLine(signal.Type == "reg" ? $"b{value:b} {signal.Code}" : $"{(signal.Type == "event" ? 1 : value)}{signal.Code}");
            }
    }

    static IEnumerable<Change> Changes(TraceRecord line)
    {
        if (line.Kind != TraceKind.Interrupt)
            return RegisterAccess.In(line).Select(access => access.High < 0
                ? new Change(access.Name, "reg", Width(access.Value), access.Value)
                : new Change(access.Name, "reg", Width(1UL << access.High), access.Value << access.Low, (2UL << access.High) - (1UL << access.Low)));
        var words = line.Text.Split(' ');
        return words switch
        {
            ["IntxAssert", ..] => [new Change(Pin, "wire", 1, 1)],
            ["IntxDeassert", ..] => [new Change(Pin, "wire", 1, 0)],
            ["Interrupt", "vector", var vector, ..] => [new Change($"vector{vector}", "event", 1, 1)],
            _ => [],
        };
    }

    // The trace's text has values, not widths: the narrowest that holds all of a register's values.
    static int Width(ulong value) => value switch { <= 0xFF => 8, <= 0xFFFF => 16, <= 0xFFFF_FFFF => 32, _ => 64 };

    // Printable characters but the space, as the standard wants it.
    static string Code(int number)
    {
        var code = "";
        for (; ; number = number / 94 - 1)
        {
            code += (char)('!' + number % 94);
            if (number < 94) return code;
        }
    }

    static string Plain(string text) => string.Concat(ConsoleText.Visible(text).Select(c => char.IsWhiteSpace(c) || c == '$' ? '_' : c));
}
