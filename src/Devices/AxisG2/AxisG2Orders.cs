using System.Globalization;

namespace Understudy.Devices;

/// <summary>What an operator may do to an <see cref="AxisG2"/>.</summary>
static class AxisG2Orders
{
    const string ProgramUsage = "program [KEY=VALUE...], keys version, ring, lanes, address, bus, clock, desc128, hardware, loses-forced, repeats, gpu, gpu-version and build";
    const string FailUsage = "fail none|lost|twice|wrong-index|send-index|too-long|empty|overflow|bus-error|result-1 to result-7|late|stale|torn|flipped-bit|unacknowledged [COMPLETIONS]";
    const string GpuSourceUsage = "gpu-source FRAMES SIZE, sizes a multiple of four from 12 to 1048576";
    const string SourceUsage = "source FRAMES SIZE [LANE [DEST [GROUP]]], sizes a multiple of four from 12 on";

    public static IReadOnlyList<DeviceOrder> All { get; } =
    [
        Order("status", "status", "says how the card is", (card, words) => words.Count == 0 ? card.ToString() : throw Wrong("status", words)),
        Order("count", "count [NAME]", "the device's own account, a NAME=VALUE a line, or one value of it", CountOrder),
        Order("forget", "forget", "begins the account anew", (card, words) => words.Count == 0 ? Done(card.ForgetCounters, "counting from zero") : throw Wrong("forget", words)),
        Order("stream", "stream loopback|prbs", "what is at the other end of the streams", StreamOrder),
        Order("source", SourceUsage, "sends pseudo-random frames to memory; needs 'stream prbs'", Source),
        Order("gpu-stream", "gpu-stream loopback|prbs", "what is at the other end of the GPU core's streams", GpuStreamOrder),
        Order("gpu-source", GpuSourceUsage, "sends pseudo-random frames to the GPU; needs 'gpu-stream prbs'", GpuSource),
        Order("program", ProgramUsage, "loads other firmware and resets the engine; unload the driver before", Program),
        Order("fail", FailUsage, "the next completions of received buffers go wrong", Fail),
    ];

    static DeviceOrder Order(string name, string usage, string help, Func<AxisG2, IReadOnlyList<string>, string> run)
        => new(name, usage, help, (device, words) => run(
            device as AxisG2 ?? throw new ArgumentException($"'{name}' is for an AxisG2, not for {device.GetType().Name}", nameof(device)), words));

    static string CountOrder(AxisG2 card, IReadOnlyList<string> words)
    {
        var account = Account(card);
        if (words.Count == 0) return string.Join('\n', account.Select(line => string.Create(CultureInfo.InvariantCulture, $"{line.Name}={line.Value}")));
        foreach (var (name, value) in account)
            if (words is [var wanted] && wanted == name) return value.ToString(CultureInfo.InvariantCulture);
        throw Wrong($"count [NAME], with one of {string.Join(", ", account.Select(line => line.Name))}", words);
    }

    static (string Name, long Value)[] Account(AxisG2 card)
    {
        var count = card.Counters;
        var prbs = card.Stream as PrbsStream;
        var gpu = card.GpuStream as PrbsStream;
        return
        [
            ("tx-posted", count.TxPosted), ("tx-returned", count.TxReturned), ("tx-frames", count.TxFrames), ("tx-bytes", count.TxBytes),
            ("rx-posted", count.RxPosted), ("rx-completed", count.RxCompleted), ("rx-frames", count.RxFrames), ("rx-bytes", count.RxBytes),
            ("errors", count.Errors), ("starved", count.Starved),
            ("interrupts", count.Interrupts), ("forced", count.Forced), ("forced-lost", count.ForcedLost), ("acknowledged", count.Acknowledged),
            ("hold-off", count.ShortestHoldOff), ("read-acks", count.ReadAcks), ("enabled", count.Enabled),
            ("is-enabled", card.IsEnabled ? 1 : 0), ("online", card.OnlineChannels), ("free", card.FreeBuffers), ("held-rx", card.Held.Rx), ("held-tx", card.Held.Tx),
            ("prbs-good", prbs?.Good ?? 0), ("prbs-bad", prbs?.Bad ?? 0), ("prbs-waiting", prbs?.Waiting ?? 0),
            ("gpu-rx-frames", count.GpuRxFrames), ("gpu-rx-bytes", count.GpuRxBytes), ("gpu-tx-frames", count.GpuTxFrames), ("gpu-tx-bytes", count.GpuTxBytes),
            ("gpu-dropped", count.GpuDropped), ("gpu-armed", card.GpuArmed), ("gpu-good", gpu?.Good ?? 0), ("gpu-bad", gpu?.Bad ?? 0), ("gpu-waiting", gpu?.Waiting ?? 0),
        ];
    }

    static string StreamOrder(AxisG2 card, IReadOnlyList<string> words)
    {
        card.Stream = Endpoint("stream loopback|prbs", words);
        return $"streams: {words[0]}";
    }

    static string GpuStreamOrder(AxisG2 card, IReadOnlyList<string> words)
    {
        card.GpuStream = Endpoint("gpu-stream loopback|prbs", words);
        return $"streams of the GPU: {words[0]}";
    }

    static IStreamEndpoint Endpoint(string usage, IReadOnlyList<string> words) => words switch
    {
        ["loopback"] => new LoopbackStream(),
        ["prbs"] => new PrbsStream(),
        _ => throw Wrong(usage, words),
    };

    static string GpuSource(AxisG2 card, IReadOnlyList<string> words)
    {
        if (card.GpuStream is not PrbsStream prbs) throw new FormatException("The streams of the GPU have no source; write: gpu-stream prbs");
        if (words.Count != 2 || !long.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out var frames) || !int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size))
            throw Wrong(GpuSourceUsage, words);
        return Started(prbs, frames, size, 0, 0, 0, GpuSourceUsage, words);
    }

    static string Started(PrbsStream prbs, long frames, int size, int lane, byte dest, byte group, string usage, IReadOnlyList<string> words)
    {
        try
        {
            prbs.Start(frames, size, lane, dest, group);
        }
        catch (Exception wrong) when (wrong is ArgumentOutOfRangeException or InvalidOperationException)
        {
            throw new FormatException($"{wrong.Message}; write: {usage}", wrong);
        }
        return $"{words[0]} frames of {words[1]} bytes";
    }

    static string Source(AxisG2 card, IReadOnlyList<string> words)
    {
        if (card.Stream is not PrbsStream prbs) throw new FormatException("The streams have no source; write: stream prbs");
        if (words.Count is < 2 or > 5) throw Wrong(SourceUsage, words);
        int Word(int at, int otherwise) => at >= words.Count ? otherwise : int.TryParse(words[at], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw Wrong(SourceUsage, words);
        var dest = Word(3, 0);
        var group = Word(4, 0);
        if (dest > 255 || group > 7) throw new FormatException($"A destination is 0 to 255 and a group 0 to 7, not {dest} and {group}; write: {SourceUsage}");
        return Started(prbs, Word(0, 0), Word(1, 0), Word(2, 0), (byte)dest, (byte)group, SourceUsage, words);
    }

    static string Program(AxisG2 card, IReadOnlyList<string> words)
    {
        var options = card.Options;
        foreach (var word in words)
        {
            var at = word.IndexOf('=', StringComparison.Ordinal);
            if (at < 1) throw Wrong(ProgramUsage, words);
            options = With(options, word[..at], word[(at + 1)..]) ?? throw Wrong(ProgramUsage, words);
        }
        try
        {
            card.Program(options);
        }
        catch (ArgumentOutOfRangeException wrong)
        {
            throw new FormatException($"{wrong.Message}; write: {ProgramUsage}", wrong);
        }
        return card.ToString();
    }

    static AxisG2Options? With(AxisG2Options options, string key, string value)
    {
        if (key == "build") return options with { BuildString = value.Length == 0 ? new string('x', 256) : value };
        if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return null;
        return key switch
        {
            "version" => options with { Version = number },
            "ring" => options with { RingBits = number },
            "lanes" => options with { Lanes = number },
            "address" => options with { AddressBits = number },
            "bus" => options with { BusBytes = number },
            "clock" => options with { DmaClockMegahertz = number },
            "desc128" => options with { Desc128 = number != 0 },
            "hardware" => options with { HardwareType = (uint)number },
            "gpu" => options with { GpuBuffers = number },
            "gpu-version" => options with { GpuVersion = number },
            "repeats" => options with { RepeatsInterrupts = number != 0 },
            "loses-forced" => options with { LosesForcedInterrupts = number != 0 },
            _ => null,
        };
    }

    static string Fail(AxisG2 card, IReadOnlyList<string> words)
    {
        CompletionFault? fault = words.Count is 1 or 2 ? words[0] switch
        {
            "none" => CompletionFault.None,
            "lost" => CompletionFault.Lost,
            "twice" => CompletionFault.Twice,
            "wrong-index" => CompletionFault.WrongIndex,
            "send-index" => CompletionFault.SendIndex,
            "late" => CompletionFault.Late,
            "stale" => CompletionFault.Stale,
            "result-1" or "result-2" or "result-3" or "result-4" or "result-5" or "result-6" or "result-7" => CompletionFault.Result,
            "too-long" => CompletionFault.TooLong,
            "empty" => CompletionFault.Empty,
            "overflow" => CompletionFault.Overflow,
            "bus-error" => CompletionFault.BusError,
            "torn" => CompletionFault.Torn,
            "flipped-bit" => CompletionFault.FlippedBit,
            "unacknowledged" => CompletionFault.Unacknowledged,
            _ => null,
        } : null;
        var completions = 1;
        if (fault is not { } how || (words.Count == 2 && (!int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out completions) || completions == 0)))
            throw Wrong(FailUsage, words);
        card.FailNext(how, how == CompletionFault.None ? 0 : completions, how == CompletionFault.Result ? words[0][^1] - '0' : 0);
        return how == CompletionFault.None ? "completions are right" : $"the next {(completions == 1 ? "completion" : $"{completions} completions")}: {words[0]}";
    }

    static string Done(Action action, string text)
    {
        action();
        return text;
    }

    static FormatException Wrong(string usage, IReadOnlyList<string> words) => new($"'{string.Join(' ', words)}' is not what comes there; write: {usage}");
}
