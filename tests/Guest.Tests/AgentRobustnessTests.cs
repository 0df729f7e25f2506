using Understudy.Guest.Protocol;

namespace Understudy.Guest.Tests;

/// <summary>The real agent, and bytes that no client of ours would send.</summary>
public sealed class AgentRobustnessTests : IAsyncLifetime
{
    readonly AgentProcess _process = new();

    public ValueTask InitializeAsync() => default;

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    [Fact(Timeout = Limits.Hang)]
    public async Task Junk_is_reported_once_and_the_next_frame_is_answered()
    {
        var complaint = await _process.AnswerToAsync(new byte[5000]);
        Assert.Equal(FrameType.Error, complaint.Type);
        await PingsAsync();
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task A_frame_that_is_too_long_is_refused_by_its_id()
    {
        var frame = new FrameWriter(FrameType.Ping).Seal(5).ToArray();
        BitConverter.TryWriteBytes(frame.AsSpan(12), Frame.PayloadMax + 1);

        Assert.Equal((FrameType.Error, 5u), await TypeAndIdAsync(frame));
        await PingsAsync();
    }

    [Theory(Timeout = Limits.Hang)]
    [InlineData(0)]
    [InlineData((int)FrameType.Seed + 1)]
    [InlineData(65535)]
    public async Task A_request_of_an_unknown_type_is_refused(int type)
    {
        Assert.Equal((FrameType.Error, 6u), await TypeAndIdAsync(new FrameWriter((FrameType)type).Seal(6)));
        await PingsAsync();
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task A_payload_cut_short_is_refused_whatever_the_request()
    {
        for (var type = FrameType.Execute; type < FrameType.DeviceReply; type++)
        {
            if (type == FrameType.PowerOff) continue;
            Assert.Equal((FrameType.Error, (uint)type), await TypeAndIdAsync(new FrameWriter(type).Seal((uint)type)));
        }
        await PingsAsync();
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task A_string_list_that_claims_to_be_huge_is_refused()
    {
        var request = new FrameWriter(FrameType.Execute).U32(0).U32(0).Text("/").U32(uint.MaxValue);

        Assert.Equal((FrameType.Error, 7u), await TypeAndIdAsync(request.Seal(7)));
        await PingsAsync();
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task An_id_in_use_is_refused()
    {
        var sleep = new FrameWriter(FrameType.Execute).U32(0).U32(0).Text("/").Texts(["sleep", "1000"]).Texts([]);

        Assert.Equal((FrameType.Error, 8u), await TypeAndIdAsync(sleep.Seal(8).ToArray().Concat(sleep.Seal(8).ToArray()).ToArray()));
        Assert.Equal((FrameType.Done, 9u), await TypeAndIdAsync(new FrameWriter(FrameType.Signal).U32(8).U32(9).Seal(9)));
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task Random_payloads_never_stop_the_agent()
    {
        var random = new Random(42);
        for (var i = 1u; i < 2000; i++)
        {
            // Types that act on the machine this test runs on are left out, and so is Hello, which begins a session.
            var type = (FrameType)(random.Next(2) == 0 ? random.Next((int)FrameType.Stdin, (int)FrameType.Push) : random.Next((int)FrameType.Seed + 1, 64));
            var payload = new byte[random.Next(40)];
            random.NextBytes(payload);
            var (answer, id) = await TypeAndIdAsync(new FrameWriter(type).Bytes(payload).Seal(i));
            Assert.Equal((FrameType.Error, i), (answer, id));
        }
        await PingsAsync();
    }

    // What is written to /dev/full is refused though it polls as writable, as is a port of a kernel that shuts down.
    [Fact(Timeout = Limits.Hang)]
    public async Task A_log_that_takes_nothing_does_not_keep_the_agent_busy()
    {
        try
        {
            using var kernelLog = File.OpenRead("/dev/kmsg");
        }
        catch (Exception none) when (none is UnauthorizedAccessException or IOException)
        {
            Assert.Skip($"the kernel's log cannot be read here: {none.Message}");
        }
        await using var agent = new AgentProcess(log: "/dev/full");
        Assert.Equal(FrameType.Done, (await agent.AnswerToAsync(new FrameWriter(FrameType.Hello).U32(Frame.Version).Seal(1))).Type);
        Assert.Equal(FrameType.Heartbeat, (await agent.NextAsync()).Type);
        var before = agent.Writes;
        for (var i = 0; i < 2; i++) Assert.Equal(FrameType.Heartbeat, (await agent.NextAsync()).Type);
        Assert.InRange(agent.Writes - before, 2, 100);
    }

    async Task PingsAsync() => Assert.Equal((FrameType.Done, 1u), await TypeAndIdAsync(new FrameWriter(FrameType.Ping).Seal(1)));

    async Task<(FrameType Type, uint Id)> TypeAndIdAsync(ReadOnlyMemory<byte> bytes)
    {
        var frame = await _process.AnswerToAsync(bytes);
        return (frame.Type, frame.Id);
    }
}
