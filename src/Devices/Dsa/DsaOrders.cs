using System.Globalization;

namespace Understudy.Devices;

/// <summary>What an operator may do to a <see cref="Dsa"/>.</summary>
static class DsaOrders
{
    const string FailUsage = "fail fault|operation|flags|size|hardware [DESCRIPTORS]", HaltUsage = "halt [software|flr|cold]";

    public static IReadOnlyList<DeviceOrder> All { get; } =
    [
        Order("status", "status", "says what the device and its queues are doing", (card, words) => words.Count == 0 ? card.ToString() : throw Wrong("status", words)),
        Order("fail", FailUsage, "the next descriptors end in that error", Fail),
        Order("lose-interrupt", "lose-interrupt [INTERRUPTS]", "the next interrupts never arrive", (card, words) => Lose(card.LoseInterrupts, words, "interrupt")),
        Order("lose-record", "lose-record [RECORDS]", "the next completion records are never written", (card, words) => Lose(card.LoseRecords, words, "record")),
        Order("stall", "stall [ENGINE]", "an engine stops where it is, until 'go' or a reset", (card, words) => Stall(card, words, true)),
        Order("go", "go [ENGINE]", "a stalled engine goes on", (card, words) => Stall(card, words, false)),
        Order("halt", HaltUsage, "the device stops and says which reset it needs", Halt),
    ];

    static DeviceOrder Order(string name, string usage, string help, Func<Dsa, IReadOnlyList<string>, string> run)
        => new(name, usage, help, (device, words) => run(
            device as Dsa ?? throw new ArgumentException($"'{name}' is for a Dsa, not for {device.GetType().Name}", nameof(device)), words));

    static string Fail(Dsa card, IReadOnlyList<string> words)
    {
        var status = (words.Count > 0 ? words[0] : "") switch
        {
            "fault" => DsaStatus.PageFault,
            "operation" => DsaStatus.BadOperation,
            "flags" => DsaStatus.InvalidFlags,
            "size" => DsaStatus.Size,
            "hardware" => DsaStatus.HardwareError,
            _ => throw Wrong(FailUsage, words),
        };
        var descriptors = Number(words, 1, 1, FailUsage);
        card.FailNext(status, descriptors);
        return $"the next {(descriptors == 1 ? "descriptor" : $"{descriptors} descriptors")}: {status}";
    }

    static string Lose(Action<int> lose, IReadOnlyList<string> words, string what)
    {
        var count = Number(words, 0, 1, $"lose-{what} [{what.ToUpperInvariant()}S]");
        lose(count);
        return $"the next {(count == 1 ? what : $"{count} {what}s")} will be lost";
    }

    static string Stall(Dsa card, IReadOnlyList<string> words, bool stalled)
    {
        var usage = $"{(stalled ? "stall" : "go")} [ENGINE], a number below {DsaRegisters.Engines}";
        var engine = Number(words, 0, 0, usage);
        if (engine >= DsaRegisters.Engines) throw Wrong(usage, words);
        card.Stall(engine, stalled);
        return $"engine {engine} {(stalled ? "is stalled" : "goes on")}";
    }

    static string Halt(Dsa card, IReadOnlyList<string> words)
    {
        var reset = words switch
        {
            [] or ["software"] => DsaReset.Software,
            ["flr"] => DsaReset.FunctionLevel,
            ["cold"] => DsaReset.Cold,
            _ => throw Wrong(HaltUsage, words),
        };
        card.Halt(reset);
        return $"the device is halted and needs a reset: {reset}";
    }

    static int Number(IReadOnlyList<string> words, int at, int fallback, string usage)
    {
        if (words.Count <= at) return fallback;
        return words.Count == at + 1 && int.TryParse(words[at], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= fallback ? number : throw Wrong(usage, words);
    }

    static FormatException Wrong(string usage, IReadOnlyList<string> words) => new($"'{string.Join(' ', words)}' is not what comes there; write: {usage}");
}
