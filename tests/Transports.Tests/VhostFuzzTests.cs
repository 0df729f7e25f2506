using Understudy.Linux;

namespace Understudy.Transports.Tests;

[Collection(nameof(FuzzTests))]
public sealed class VhostFuzzTests(ITestOutputHelper output)
{
    const int Messages = 1_000_000, MostInSession = 2000;

    static readonly uint[] s_requests = [1, 2, 3, 4, 5, 8, 9, 10, 12, 13, 15, 16, 17, 18, 21, 24, 35, 35, 35, 35, 35, 35, 35, 35, 99];

    [Fact]
    public async Task A_million_hostile_messages_neither_crash_nor_hang()
    {
        var seed = Environment.GetEnvironmentVariable("UNDERSTUDY_FUZZ_SEED") is { Length: > 0 } text ? int.Parse(text) : Random.Shared.Next();
        output.WriteLine($"seed {seed}: set UNDERSTUDY_FUZZ_SEED to repeat");
        await using var rig = new VhostRig();
        var random = new Random(seed);
        var (sent, accepted, sessions) = (0, 0, 0);
        for (; sent < Messages; sessions++)
        {
            using var guest = new VhostGuest(rig.SocketPath).Boot();
            var session = Run(guest, new Random(random.Next()));
            (sent, accepted) = (sent + session.Sent, accepted + session.Accepted);
        }
        using var polite = new VhostGuest(rig.SocketPath).Boot();
        polite.Write32(0, ProbeDevice.EchoAt, 7);
        Assert.True(polite.Read32(0, ProbeDevice.EchoAt) == 7, $"seed {seed}: a guest of good manners is not served any more");
        Assert.True(accepted > Messages / 10, $"seed {seed}: only {accepted} messages were answered, so this test has lost its teeth");
        Assert.DoesNotContain(rig.Transport.Findings, finding => finding.Check == "vhost-user-crashed");
        output.WriteLine($"{sent} messages in {sessions} connections, {accepted} answered, {rig.Transport.Findings.Count} findings about the guest");
    }

    // Hostile in the queues most of the time, in the messages around them now and then: those end the conversation.
    static (int Sent, int Accepted) Run(VhostGuest guest, Random random)
    {
        var (sent, accepted) = (0, 0);
        try
        {
            for (; sent < MostInSession; sent++)
            {
                if (random.Next(4) == 0) Scribble(guest, random);
                if (random.Next(400) == 0) Wild(guest, random);
                else Tame(guest, random);
                accepted++;
            }
        }
        catch (Exception gone) when (gone is EndOfStreamException or LinuxException)
        {
            sent++;
        }
        return (sent, accepted);
    }

    static void Tame(VhostGuest guest, Random random)
    {
        guest.Send(35, VhostGuest.State((uint)random.Next(2), 0), wantsReply: true);
        guest.Receive();
    }

    static void Wild(VhostGuest guest, Random random)
    {
        var payload = new byte[random.Next(4) == 0 ? random.Next(300) : 8 * random.Next(6)];
        random.NextBytes(payload);
        if (random.Next(2) == 0) payload.AsSpan(0, Math.Min(8, payload.Length)).Clear();
        FileDescriptor[] descriptors = [.. Enumerable.Range(0, random.Next(3)).Select(_ => random.Next(2) == 0 ? guest.File : guest.Channel)];
        var size = random.Next(20) == 0 ? random.Next() : payload.Length;
        var flags = random.Next(20) == 0 ? (uint)random.Next() : 9u;
        guest.SendRaw([.. VhostGuest.Bytes(s_requests[random.Next(s_requests.Length)]), .. VhostGuest.Bytes(flags), .. VhostGuest.Bytes((uint)size), .. payload], descriptors);
        // What asks for no answer, or promises more than it has, gets none: the next one is asked for, and a hang-up is an answer too.
        if ((flags & 8) == 0 || size != payload.Length) throw new EndOfStreamException();
        guest.Receive();
    }

    // In descriptors, rings and messages, mostly where they count.
    static void Scribble(VhostGuest guest, Random random)
    {
        var queue = VhostGuest.At((uint)random.Next(2)) - VhostGuest.Base;
        switch (random.Next(6))
        {
            case 0: guest.Memory.Write(queue + (ulong)random.Next(VhostGuest.Entries * 16), VhostGuest.Bytes((byte)random.Next(256))); break;
            case 1: guest.Memory.Write(queue + 0x1004 + (ulong)random.Next(VhostGuest.Entries) * 2, VhostGuest.Bytes((ushort)random.Next(VhostGuest.Entries + 1))); break;
            case 2: guest.Memory.Write(0x10000, [(byte)random.Next(9), (byte)random.Next(8), 0, 0, .. VhostGuest.Bytes((uint)random.Next(9)), .. VhostGuest.Bytes((ulong)random.Next(0x5000))]); break;
            case 3: guest.Memory.Write(0x10000, [.. VhostGuest.Bytes(random.NextInt64()), .. VhostGuest.Bytes(random.NextInt64())]); break;
            default: Advance(guest, queue, random); break;
        }
    }

    static void Advance(VhostGuest guest, ulong queue, Random random)
    {
        Span<byte> index = stackalloc byte[2];
        guest.Memory.Read(queue + 0x1002, index);
        guest.Memory.Write(queue + 0x1002, VhostGuest.Bytes((ushort)(BitConverter.ToUInt16(index) + (random.Next(300) == 0 ? random.Next() : 1))));
    }
}
