using System.Globalization;
using System.Net;

namespace Understudy.Devices;

/// <summary>What an operator may do to an <see cref="Rtl8111"/>.</summary>
static class Rtl8111Orders
{
    public static IReadOnlyList<DeviceOrder> All { get; } =
    [
        Order("status", "status", "says how the card is", (nic, words) => None(words, "status", nic.ToString)),
        Order("cable", "cable on|off", "plugs the cable in, or pulls it", Cable),
        Order("partner", "partner 1000|100|10", "what the other end of the cable offers", Partner),
        Order("peer", "peer [ADDRESS|silent|talks]", "the host at the other end: its IPv4 address, or whether it answers", PeerOrder),
        Order("corrupt-rx", "corrupt-rx [fcs|bit|status] [FRAMES]", "the next received frames are damaged on the wire, in the card, or by status only", Corrupt),
        Order("overflow-rx", "overflow-rx [FRAMES]", "the next received frames find the FIFO full", (nic, words) => Frames(nic, words, 0, "overflow-rx [FRAMES]", ReceiveFault.Overflow)),
        Order("fail-tx", "fail-tx", "the next frame to be sent fails", (nic, words) => None(words, "fail-tx", () => Done(nic.FailNextTransmit, "the next transmit fails"))),
        Order("stall-tx", "stall-tx", "doorbells are not heard until the driver resets the chip", (nic, words) => None(words, "stall-tx", () => Done(nic.StallTransmit, "the transmitter is stalled"))),
        Order("phy", "phy hang|ok", "the PHY stops answering, or answers again", Phy),
    ];

    static DeviceOrder Order(string name, string usage, string help, Func<Rtl8111, IReadOnlyList<string>, string> run)
        => new(name, usage, help, (device, words) => run(
            device as Rtl8111 ?? throw new ArgumentException($"'{name}' is for an Rtl8111, not for {device.GetType().Name}", nameof(device)), words));

    static string Cable(Rtl8111 nic, IReadOnlyList<string> words)
    {
        nic.CablePluggedIn = words is ["on"] || (words is ["off"] ? false : throw Wrong("cable on|off", words));
        return nic.CablePluggedIn ? "cable in" : "cable out";
    }

    static string Partner(Rtl8111 nic, IReadOnlyList<string> words)
    {
        nic.LinkPartner = words switch
        {
            ["1000"] => LinkPartner.Gigabit,
            ["100"] => LinkPartner.FastEthernet,
            ["10"] => LinkPartner.TenMegabit,
            _ => throw Wrong("partner 1000|100|10", words),
        };
        return $"the partner offers {(int)nic.LinkPartner} Mbit/s";
    }

    static string PeerOrder(Rtl8111 nic, IReadOnlyList<string> words)
    {
        var peer = nic.Wire as Peer ?? throw new FormatException($"At the other end of the cable is {nic.Wire.GetType().Name}, which takes no orders");
        if (words is ["silent"] or ["talks"]) peer.Silent = words[0] == "silent";
        else if (words is [var text] && text.Count(c => c == '.') == 3 && IPAddress.TryParse(text, out var address)) peer.Address = address;
        else if (words.Count > 0) throw Wrong("peer [ADDRESS|silent|talks], as in 'peer 192.0.2.1'", words);
        return $"peer {peer.Address} at {peer.Mac}{(peer.Silent ? ", silent" : "")}: {peer.ArpAnswered} ARP and {peer.EchoAnswered} echo answered, {peer.Ignored} ignored, {peer.Lost} lost";
    }

    static string Corrupt(Rtl8111 nic, IReadOnlyList<string> words)
    {
        const string Usage = "corrupt-rx [fcs|bit|status] [FRAMES]";
        return (words.Count > 0 ? words[0] : "fcs") switch
        {
            "fcs" => Frames(nic, words, 1, Usage, ReceiveFault.BadFcs),
            "bit" => Frames(nic, words, 1, Usage, ReceiveFault.FlippedBit),
            "status" => Frames(nic, words, 1, Usage, ReceiveFault.ErrorStatus),
            _ => Frames(nic, words, 0, Usage, ReceiveFault.BadFcs),
        };
    }

    static string Phy(Rtl8111 nic, IReadOnlyList<string> words)
    {
        nic.PhyHangs = words is ["hang"] || (words is ["ok"] ? false : throw Wrong("phy hang|ok", words));
        return nic.PhyHangs ? "the PHY does not answer" : "the PHY answers";
    }

    static string Frames(Rtl8111 nic, IReadOnlyList<string> words, int at, string usage, ReceiveFault fault)
    {
        var frames = 1;
        if (words.Count > at + 1 || (words.Count == at + 1 && (!int.TryParse(words[at], NumberStyles.None, CultureInfo.InvariantCulture, out frames) || frames == 0)))
            throw Wrong($"{usage}, with at least 1 frame", words);
        nic.CorruptNextReceive(fault, frames);
        return $"the next {(frames == 1 ? "frame" : $"{frames} frames")} from the wire: {fault}";
    }

    static string None(IReadOnlyList<string> words, string usage, Func<string> run) => words.Count == 0 ? run() : throw Wrong(usage, words);

    static string Done(Action action, string text)
    {
        action();
        return text;
    }

    static FormatException Wrong(string usage, IReadOnlyList<string> words) => new($"'{string.Join(' ', words)}' is not what comes there; write: {usage}");
}
