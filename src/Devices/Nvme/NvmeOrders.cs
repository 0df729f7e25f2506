using System.Globalization;

namespace Understudy.Devices;

/// <summary>What an operator may do to an <see cref="Nvme"/>.</summary>
static class NvmeOrders
{
    public static IReadOnlyList<DeviceOrder> All { get; } =
    [
        Order("status", "status", "says how the controller and its namespaces are", (nvme, words) => words.Count == 0 ? nvme.ToString() : throw Wrong("status", words)),
        Order("sha256", "sha256 NSID FIRST BLOCKS", "the SHA-256 of some blocks as they lie on the media", Sha256),
        Order("lose", "lose [COMMANDS]", "the next I/O commands are carried out and never completed", (nvme, words) => Next(nvme.LoseNextCompletion, words, "lose [COMMANDS]", "are never completed")),
        Order("hold", "hold [COMMANDS]", "the next I/O commands stay in the controller until they are aborted", (nvme, words) => Next(nvme.HoldNext, words, "hold [COMMANDS]", "are held")),
        Order("duplicate", "duplicate [COMMANDS]", "the next I/O commands are completed twice", (nvme, words) => Next(nvme.DuplicateNextCompletion, words, "duplicate [COMMANDS]", "are completed twice")),
        Order("wrong-phase", "wrong-phase [COMMANDS]", "the next completions have the wrong phase tag", (nvme, words) => Next(nvme.NextCompletionInWrongPhase, words, "wrong-phase [COMMANDS]", "complete in the wrong phase")),
        Order("wrong-cid", "wrong-cid [COMMANDS]", "the next completions name another command", (nvme, words) => Next(nvme.NextCompletionForWrongCommand, words, "wrong-cid [COMMANDS]", "complete as others")),
        Order("fail", "fail STATUS [COMMANDS]", "the next I/O commands end with a status: a name, as in WriteFault, or SCT and SC, as in 0x281", Fail),
        Order("delay", "delay MILLISECONDS [COMMANDS]", "the next I/O commands take longer", Delay),
        Order("behave", "behave", "ends what was ordered for the next commands", (nvme, words) => Switch(words, "behave", nvme.BehaveAgain, "behaves again")),
        Order("fatal", "fatal", "CSTS.CFS: nothing goes on until the driver resets the controller", (nvme, words) => Switch(words, "fatal", nvme.GoFatal, "fatal")),
        Order("admin", "admin hang|ok", "admin commands are not heard, or are again", (nvme, words) => (nvme.AdminHangs = Either(words, "hang", "ok", "admin hang|ok")) ? "the admin queue hangs" : "the admin queue is heard"),
        Order("ready", "ready never|again", "the controller does not become ready when it is enabled, or does", (nvme, words) => (nvme.NeverReady = Either(words, "never", "again", "ready never|again")) ? "never becomes ready" : "becomes ready"),
        Order("temperature", "temperature KELVIN", "sets the composite temperature", Temperature),
        Order("resize", "resize NSID BLOCKS", "gives a namespace another size", Resize),
        Order("detach", "detach NSID", "takes a namespace away", (nvme, words) => Attach(nvme, words, false)),
        Order("attach", "attach NSID", "gives a namespace back", (nvme, words) => Attach(nvme, words, true)),
    ];

    static DeviceOrder Order(string name, string usage, string help, Func<Nvme, IReadOnlyList<string>, string> run)
        => new(name, usage, help, (device, words) => run(
            device as Nvme ?? throw new ArgumentException($"'{name}' is for an Nvme, not for {device.GetType().Name}", nameof(device)), words));

    static string Sha256(Nvme nvme, IReadOnlyList<string> words)
    {
        const string Usage = "sha256 NSID FIRST BLOCKS";
        if (words is not [var id, var first, var blocks]) throw Wrong(Usage, words);
        return Space(nvme, id, Usage, words).Sha256Or(Number(first, Usage, words), Number(blocks, Usage, words));
    }

    static string Sha256Or(this NvmeNamespace space, long first, long blocks)
    {
        try
        {
            return space.Sha256(first, blocks);
        }
        catch (ArgumentOutOfRangeException outside)
        {
            throw new FormatException(outside.Message);
        }
    }

    static string Next(Action<int> arm, IReadOnlyList<string> words, string usage, string what)
    {
        var commands = Commands(words, 0, usage);
        arm(commands);
        return $"the next {(commands == 1 ? "command" : $"{commands} commands")}: {what}";
    }

    static string Fail(Nvme nvme, IReadOnlyList<string> words)
    {
        const string Usage = "fail STATUS [COMMANDS], as in 'fail WriteFault' or 'fail 0x281 3'";
        if (words.Count == 0 || !TryStatus(words[0], out var status)) throw Wrong(Usage, words);
        return Next(count => nvme.FailNext(status, count), [.. words.Skip(1)], Usage, $"end with {status}");
    }

    static bool TryStatus(string word, out NvmeStatus status)
    {
        if (word.StartsWith("0x", StringComparison.Ordinal) && ushort.TryParse(word[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number))
        {
            status = (NvmeStatus)number;
            return number is > 0 and <= 0x7FF;
        }
        return Enum.TryParse(word, ignoreCase: true, out status) && Enum.IsDefined(status) && char.IsLetter(word[0]);
    }

    static string Delay(Nvme nvme, IReadOnlyList<string> words)
    {
        const string Usage = "delay MILLISECONDS [COMMANDS]";
        if (words.Count == 0) throw Wrong(Usage, words);
        var milliseconds = Number(words[0], Usage, words);
        if (milliseconds > 1_000_000) throw Wrong($"{Usage}, of at most 1000000 milliseconds", words);
        return Next(count => nvme.DelayNext(milliseconds * 1_000_000, count), [.. words.Skip(1)], Usage, $"take {milliseconds} ms longer");
    }

    static string Temperature(Nvme nvme, IReadOnlyList<string> words)
    {
        const string Usage = "temperature KELVIN";
        var kelvin = words is [var word] ? Number(word, Usage, words) : throw Wrong(Usage, words);
        if (kelvin > 1000) throw Wrong($"{Usage}, up to 1000", words);
        nvme.Temperature = (ushort)kelvin;
        return $"{kelvin} K";
    }

    static string Resize(Nvme nvme, IReadOnlyList<string> words)
    {
        const string Usage = "resize NSID BLOCKS";
        if (words is not [var id, var blocks]) throw Wrong(Usage, words);
        var space = Space(nvme, id, Usage, words);
        var most = space.Media.Length / space.BlockSize;
        var count = Number(blocks, Usage, words);
        if (count < 1 || count > most) throw Wrong($"{Usage}, of 1 to {most} blocks", words);
        nvme.Resize(space.Id, count * space.BlockSize);
        return $"namespace {space.Id} has {space.Blocks} blocks";
    }

    static string Attach(Nvme nvme, IReadOnlyList<string> words, bool attached)
    {
        var usage = attached ? "attach NSID" : "detach NSID";
        var space = words is [var id] ? Space(nvme, id, usage, words) : throw Wrong(usage, words);
        nvme.Attach(space.Id, attached);
        return $"namespace {space.Id} is {(attached ? "attached" : "gone")}";
    }

    static NvmeNamespace Space(Nvme nvme, string word, string usage, IReadOnlyList<string> words)
        => Number(word, usage, words) is var id && id >= 1 && id <= nvme.Namespaces.Count ? nvme.Namespaces[(int)id - 1]
            : throw Wrong($"{usage}, with a namespace from 1 to {nvme.Namespaces.Count}", words);

    static int Commands(IReadOnlyList<string> words, int at, string usage)
    {
        var commands = 1;
        if (words.Count > at + 1 || (words.Count == at + 1 && (!int.TryParse(words[at], NumberStyles.None, CultureInfo.InvariantCulture, out commands) || commands == 0)))
            throw Wrong($"{usage}, with at least 1 command", words);
        return commands;
    }

    static long Number(string word, string usage, IReadOnlyList<string> words)
        => long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw Wrong(usage, words);

    static bool Either(IReadOnlyList<string> words, string yes, string no, string usage)
        => words is [var word] && (word == yes || word == no) ? word == yes : throw Wrong(usage, words);

    static string Switch(IReadOnlyList<string> words, string usage, Action action, string text)
    {
        if (words.Count > 0) throw Wrong(usage, words);
        action();
        return text;
    }

    static FormatException Wrong(string usage, IReadOnlyList<string> words) => new($"'{string.Join(' ', words)}' is not what comes there; write: {usage}");
}
