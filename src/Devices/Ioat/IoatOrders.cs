using System.Globalization;

namespace Understudy.Devices;

/// <summary>What an operator may do to an <see cref="Ioat"/>.</summary>
static class IoatOrders
{
    const string FailUsage = "fail read|write|control|length|next|completion [DESCRIPTORS]";

    public static IReadOnlyList<DeviceOrder> All { get; } =
    [
        Order("status", "status", "says what the channels are doing", (card, words) => words.Count == 0 ? card.ToString() : throw Wrong("status", words)),
        Order("fail", FailUsage, "the next descriptors end in that error and halt their channel", Fail),
        Order("lose-interrupt", "lose-interrupt [INTERRUPTS]", "the next interrupts never arrive", Lose),
        Order("stall", "stall [CHANNEL]", "a channel stops where it is and stays active, until 'go' or a reset", (card, words) => Stall(card, words, true)),
        Order("go", "go [CHANNEL]", "a stalled channel goes on", (card, words) => Stall(card, words, false)),
    ];

    static DeviceOrder Order(string name, string usage, string help, Func<Ioat, IReadOnlyList<string>, string> run)
        => new(name, usage, help, (device, words) => run(
            device as Ioat ?? throw new ArgumentException($"'{name}' is for an Ioat, not for {device.GetType().Name}", nameof(device)), words));

    static string Fail(Ioat card, IReadOnlyList<string> words)
    {
        var error = (words.Count > 0 ? words[0] : "") switch
        {
            "read" => IoatError.ReadData,
            "write" => IoatError.WriteData,
            "control" => IoatError.Control,
            "length" => IoatError.Length,
            "next" => IoatError.NextAddress,
            "completion" => IoatError.CompletionAddress,
            _ => throw Wrong(FailUsage, words),
        };
        var descriptors = Number(words, 1, 1, FailUsage);
        card.FailNext(error, descriptors);
        return $"the next {(descriptors == 1 ? "descriptor" : $"{descriptors} descriptors")}: {error}";
    }

    static string Lose(Ioat card, IReadOnlyList<string> words)
    {
        var interrupts = Number(words, 0, 1, "lose-interrupt [INTERRUPTS]");
        card.LoseInterrupts(interrupts);
        return $"the next {(interrupts == 1 ? "interrupt" : $"{interrupts} interrupts")} will be lost";
    }

    static string Stall(Ioat card, IReadOnlyList<string> words, bool stalled)
    {
        var usage = $"{(stalled ? "stall" : "go")} [CHANNEL], a number below {card.Channels}";
        var channel = Number(words, 0, 0, usage);
        if (channel >= card.Channels) throw Wrong(usage, words);
        card.Stall(channel, stalled);
        return $"channel {channel} {(stalled ? "is stalled" : "goes on")}";
    }

    static int Number(IReadOnlyList<string> words, int at, int fallback, string usage)
    {
        if (words.Count <= at) return fallback;
        return words.Count == at + 1 && int.TryParse(words[at], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= fallback ? number : throw Wrong(usage, words);
    }

    static FormatException Wrong(string usage, IReadOnlyList<string> words) => new($"'{string.Join(' ', words)}' is not what comes there; write: {usage}");
}
