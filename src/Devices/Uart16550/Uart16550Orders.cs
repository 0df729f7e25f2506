using System.Globalization;
using System.Text;

namespace Understudy.Devices;

/// <summary>What an operator may do to a <see cref="Uart16550"/>.</summary>
static class Uart16550Orders
{
    const int MostSent = 1 << 20;

    public static IReadOnlyList<DeviceOrder> All { get; } =
    [
        Order("status", "status", "says how the port is, and what went through it", (uart, words) => words.Count == 0 ? uart.ToString() : throw Wrong("status", words)),
        Order("echo", "echo on|off", "the other end sends back what comes, or does not", (uart, words) => $"echo {((uart.Echo = On(words, "echo on|off")) ? "on" : "off")}"),
        Order("cts", "cts on|off", "the other end holds Clear To Send", (uart, words) => $"CTS {((uart.ClearToSend = On(words, "cts on|off")) ? "on" : "off")}"),
        Order("dcd", "dcd on|off", "the other end holds Data Carrier Detect", (uart, words) => $"DCD {((uart.CarrierDetect = On(words, "dcd on|off")) ? "on" : "off")}"),
        Order("say", "say WORDS...", "the other end sends a line", Say),
        Order("damage", "damage parity|framing|break|overrun", "a damaged character comes", Damage),
        Order("transmitter", "transmitter stuck|ok", "what is written does not leave, or does again", Stick),
        Order("waits", "waits on|off", "the other end heeds RTS and waits for room, or runs over", (uart, words) => (uart.FarEndWaits = On(words, "waits on|off")) ? "waits" : "does not wait"),
    ];

    static DeviceOrder Order(string name, string usage, string help, Func<Uart16550, IReadOnlyList<string>, string> run)
        => new(name, usage, help, (device, words) => run(
            device as Uart16550 ?? throw new ArgumentException($"'{name}' is for a Uart16550, not for {device.GetType().Name}", nameof(device)), words));

    static string Say(Uart16550 uart, IReadOnlyList<string> words)
    {
        var line = Encoding.UTF8.GetBytes($"{string.Join(' ', words)}\n");
        if (words.Count == 0 || line.Length > MostSent) throw Wrong("say WORDS...", words);
        uart.Receive(line);
        return string.Create(CultureInfo.InvariantCulture, $"{line.Length} characters");
    }

    static string Damage(Uart16550 uart, IReadOnlyList<string> words)
    {
        var fault = words switch
        {
            ["parity"] => LineFault.Parity,
            ["framing"] => LineFault.Framing,
            ["break"] => LineFault.Break,
            ["overrun"] => LineFault.Overrun,
            _ => throw Wrong("damage parity|framing|break|overrun", words),
        };
        uart.ReceiveDamaged(fault, (byte)'x');
        return $"{fault}";
    }

    static string Stick(Uart16550 uart, IReadOnlyList<string> words)
    {
        uart.TransmitterStuck = words is ["stuck"] || (words is ["ok"] ? false : throw Wrong("transmitter stuck|ok", words));
        return uart.TransmitterStuck ? "nothing leaves" : "characters leave";
    }

    static bool On(IReadOnlyList<string> words, string usage) => words is ["on"] || (words is ["off"] ? false : throw Wrong(usage, words));

    static FormatException Wrong(string usage, IReadOnlyList<string> words) => new($"'{string.Join(' ', words)}' is not what comes there; write: {usage}");
}
