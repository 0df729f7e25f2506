using System.Globalization;
using Understudy.Linux;

namespace Understudy.Transports.Tests;

/// <summary>Conversations that were recorded, played again byte for byte.</summary>
public sealed class WireTests
{
    public static TheoryData<string> Recordings => [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Wire"), "*.hex").Select(path => Path.GetFileName(path))];

    [Theory]
    [MemberData(nameof(Recordings))]
    public async Task A_recorded_conversation_gets_the_answers_it_got(string recording)
    {
        await using var rig = new Rig();
        using var client = new ScriptedClient(rig.SocketPath);
        using var memory = FileDescriptor.CreateMemory("recorded", 512 << 20);
        memory.SealAgainstShrinking();
        using var events = EventFd.Create();
        var (number, replies) = (0, 0);
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Wire", recording)))
        {
            number++;
            if (line.Length == 0 || line[0] == '#') continue;
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            FileDescriptor[] descriptors = [.. words.Where(word => word[0] == '[').Select(word => word == "[memory]" ? memory : (FileDescriptor)events)];
            var bytes = Bytes(words.Skip(1).Where(word => word[0] != '['));
            if (words[0] == ">") client.SendRaw([.. bytes.Select(b => b ?? throw new FormatException($"{recording}:{number}: what is sent has no wildcards"))], descriptors);
            else Check(client.Receive(), bytes, $"{recording}:{number}", ref replies);
        }
        Assert.True(replies > 0, $"{recording} holds no reply");
    }

    static void Check(Message? reply, List<byte?> expected, string where, ref int replies)
    {
        Assert.True(reply is not null, $"{where}: the server left");
        var actual = ScriptedClient.Frame(reply.Id, reply.Command, reply.Body, reply.Flags, reply.Error);
        Assert.True(actual.Length == expected.Count, $"{where}: {actual.Length} bytes where {expected.Count} were recorded");
        for (var i = 0; i < actual.Length; i++)
            Assert.True(expected[i] is not { } value || value == actual[i], $"{where}: byte {i} is {actual[i]:x2}, was {expected[i]:x2}");
        replies++;
    }

    /// <summary>Pairs of digits, <c>??</c> for any byte, and either with <c>*count</c>.</summary>
    static List<byte?> Bytes(IEnumerable<string> words)
    {
        var bytes = new List<byte?>();
        foreach (var word in words)
        {
            var parts = word.Split('*');
            var count = parts.Length == 1 ? 1 : int.Parse(parts[1], CultureInfo.InvariantCulture);
            for (var repeat = 0; repeat < count; repeat++)
                for (var i = 0; i < parts[0].Length; i += 2)
                    bytes.Add(parts[0][i] == '?' ? null : byte.Parse(parts[0].AsSpan(i, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        }
        return bytes;
    }
}
