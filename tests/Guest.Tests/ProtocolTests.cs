using System.Text;
using Understudy.Guest.Protocol;

namespace Understudy.Guest.Tests;

/// <summary>The client against a guest that a test plays, well-behaved or not.</summary>
public class ProtocolTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limits.Hang)]
    public async Task The_greeting_says_what_runs_in_the_guest()
    {
        using var guest = new ScriptedGuest();
        await using var agent = await guest.ConnectedAsync();

        Assert.Equal(new GuestIdentity(1, "6.1.0-test", "quiet panic=-1", TimeSpan.FromSeconds(1.5)), agent.Identity);
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task What_an_earlier_client_left_on_the_channel_is_skipped()
    {
        using var guest = new ScriptedGuest();
        var connecting = guest.ConnectAsync();
        await guest.SendRawAsync("tail of a frame"u8.ToArray());
        await guest.SendAsync(new FrameWriter(FrameType.Done), id: 77);
        await guest.GreetAsync();
        await using var agent = await connecting;

        Assert.Equal("6.1.0-test", agent.Identity.KernelRelease);
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task Another_version_of_the_protocol_is_refused_with_the_agents_words()
    {
        using var guest = new ScriptedGuest();
        var connecting = guest.ConnectAsync();
        var hello = await guest.ExpectAsync(FrameType.Hello);
        await guest.SendAsync(new FrameWriter(FrameType.Error).U32(93).Bytes("this agent speaks 9"u8), hello.Id);

        var refusal = await Assert.ThrowsAsync<GuestException>(() => connecting);
        Assert.Equal(93, refusal.Errno);
        Assert.Contains("speaks 9", refusal.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task Frames_may_come_byte_by_byte()
    {
        using var guest = new ScriptedGuest();
        await using var agent = await guest.ConnectedAsync();
        var running = agent.ExecuteAsync(["uname"], cancellation: Cancel);
        var request = await guest.ExpectAsync(FrameType.Execute);
        byte[] answer =
        [
            .. new FrameWriter(FrameType.Stdout).Bytes("Li"u8).Seal(request.Id).Span,
            .. new FrameWriter(FrameType.Stderr).Bytes("no"u8).Seal(request.Id).Span,
            .. new FrameWriter(FrameType.Stdout).Bytes("nux"u8).Seal(request.Id).Span,
            .. new FrameWriter(FrameType.Exit).U32(3).U32(0).U64(0).Seal(request.Id).Span,
        ];
        foreach (var one in answer) await guest.SendRawAsync(new[] { one });

        var result = await running;
        Assert.Equal((3, null, "Linux", "no"), (result.ExitCode, result.Signal, result.Stdout, result.Stderr));
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task A_command_has_ended_when_what_the_kernel_said_of_it_has_come()
    {
        using var guest = new ScriptedGuest();
        await using var agent = await guest.ConnectedAsync();
        var running = agent.ExecuteAsync(["insmod"], cancellation: Cancel);
        var request = await guest.ExpectAsync(FrameType.Execute);
        await guest.SendAsync(new FrameWriter(FrameType.Exit).U32(1).U32(0).U64(8), request.Id);
        await guest.LogAsync(6, "bad");
        Assert.NotNull(await agent.KernelLog.SeesAsync("bad", TimeSpan.FromSeconds(30), cancellation: Cancel));
        Assert.False(running.IsCompleted);
        await guest.LogAsync(7, "worse");
        await running;
        Assert.Equal("worse", agent.KernelLog.Since()[^1].Text);
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task Answers_find_their_callers_in_any_order()
    {
        using var guest = new ScriptedGuest();
        await using var agent = await guest.ConnectedAsync();
        var first = agent.ExecuteAsync(["first"], cancellation: Cancel);
        var one = await guest.ExpectAsync(FrameType.Execute);
        var second = agent.ExecuteAsync(["second"], cancellation: Cancel);
        var two = await guest.ExpectAsync(FrameType.Execute);
        await guest.SendAsync(new FrameWriter(FrameType.Exit).U32(2).U32(0).U64(0), two.Id);
        await guest.SendAsync(new FrameWriter(FrameType.Exit).U32(uint.MaxValue).U32(9).U64(0), one.Id);

        Assert.Equal(2, (await second).ExitCode);
        Assert.Equal((null, 9), ((await first).ExitCode, (await first).Signal));
    }

    public static TheoryData<string, byte[]> Nonsense() => new()
    {
        { "begin", [.. Enumerable.Repeat((byte)0x41, 64)] },
        { "announces", Header(FrameType.Done, 1, length: 0x7FFF_FFFF) },
        { "nobody made", new FrameWriter(FrameType.Done).Seal(4242).ToArray() },
        { "nobody made", new FrameWriter((FrameType)999).Seal(4242).ToArray() },
        { "shorter", new FrameWriter(FrameType.Heartbeat).U32(1).Seal(0).ToArray() },
        { "shorter", new FrameWriter(FrameType.DeviceCommand).U32(uint.MaxValue).Seal(Frame.GuestId).ToArray() },
        { "no device", new FrameWriter(FrameType.DeviceCommand).U32(0).Seal(Frame.GuestId).ToArray() },
    };

    [Theory(Timeout = Limits.Hang)]
    [MemberData(nameof(Nonsense))]
    public async Task A_guest_that_breaks_the_protocol_is_lost_and_everyone_who_waits_is_told_why(string why, byte[] nonsense)
    {
        using var guest = new ScriptedGuest();
        await using var agent = await guest.ConnectedAsync();
        var ping = agent.PingAsync(Cancel);
        await guest.ExpectAsync(FrameType.Ping);
        await guest.SendRawAsync(nonsense);

        var lost = await Assert.ThrowsAsync<GuestLostException>(() => ping);
        Assert.Contains("broke the protocol", lost.Message, StringComparison.Ordinal);
        Assert.Contains(why, lost.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<GuestLostException>(() => agent.PingAsync(Cancel));
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task An_answer_of_the_wrong_kind_is_a_broken_protocol()
    {
        using var guest = new ScriptedGuest();
        await using var agent = await guest.ConnectedAsync();
        var ping = agent.PingAsync(Cancel);
        var request = await guest.ExpectAsync(FrameType.Ping);
        await guest.SendAsync(new FrameWriter(FrameType.Exit).U32(0).U32(0).U64(0), request.Id);

        Assert.Contains("cannot answer", (await Assert.ThrowsAsync<GuestLostException>(() => ping)).Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task Random_bytes_never_do_worse_than_lose_the_guest()
    {
        var random = new Random(20260101);
        for (var round = 0; round < 200; round++)
        {
            using var guest = new ScriptedGuest();
            await using var agent = await guest.ConnectedAsync();
            var running = agent.ExecuteAsync(["x"], cancellation: Cancel);
            var request = await guest.ExpectAsync(FrameType.Execute);
            var payload = new byte[random.Next(64)];
            random.NextBytes(payload);
            var type = (FrameType)random.Next(120);
            await guest.SendAsync(new FrameWriter(type).Bytes(payload), random.Next(2) == 0 ? request.Id : (uint)random.Next());
            await guest.SendRawAsync(payload);
            guest.Die();

            var failure = await Record.ExceptionAsync(() => running);
            Assert.True(failure is null or GuestException or GuestLostException, failure?.ToString());
            Assert.NotEmpty((await agent.Lost).Message);
        }
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task A_guest_that_dies_in_the_middle_of_a_command_fails_the_command_and_keeps_its_last_words()
    {
        using var guest = new ScriptedGuest();
        await using var agent = await guest.ConnectedAsync();
        var heard = new StringBuilder();
        var running = agent.ExecuteAsync(["crash"], onOutput: (_, bytes) => heard.Append(Encoding.UTF8.GetString(bytes)), cancellation: Cancel);
        var request = await guest.ExpectAsync(FrameType.Execute);
        await guest.SendAsync(new FrameWriter(FrameType.Stdout).Bytes("last words"u8), request.Id);
        await guest.SendRawAsync(new FrameWriter(FrameType.Exit).U32(0).U32(0).U64(0).Seal(request.Id)[..10]);
        guest.Die();

        await Assert.ThrowsAsync<GuestLostException>(() => running);
        Assert.Equal("last words", heard.ToString());
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task Output_beyond_the_limit_is_streamed_whole_and_kept_at_both_ends()
    {
        using var guest = new ScriptedGuest();
        await using var agent = await guest.ConnectedAsync();
        var streamed = 0;
        var running = agent.ExecuteAsync(["yes"], new() { OutputLimit = 10 }, (_, bytes) => streamed += bytes.Length, Cancel);
        var request = await guest.ExpectAsync(FrameType.Execute);
        for (var i = 0; i < 10; i++) await guest.SendAsync(new FrameWriter(FrameType.Stdout).Bytes(Encoding.ASCII.GetBytes($"<{i}{i}>")), request.Id);
        await guest.SendAsync(new FrameWriter(FrameType.Exit).U32(0).U32(0).U64(0), request.Id);

        Assert.Equal("<00><\n[... 30 bytes left out ...]\n><99>", (await running).Stdout);
        Assert.Equal(40, streamed);
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task A_cancelled_command_is_killed_in_the_guest()
    {
        using var guest = new ScriptedGuest();
        await using var agent = await guest.ConnectedAsync();
        using var stop = new CancellationTokenSource();
        var running = agent.ExecuteAsync(["sleep", "1000"], cancellation: stop.Token);
        var request = await guest.ExpectAsync(FrameType.Execute);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        var kill = new FrameWriter(FrameType.Signal).U32(request.Id).U32(9).Seal(0)[Frame.HeaderSize..].ToArray();
        Assert.Equal(kill, (await guest.ExpectAsync(FrameType.Signal)).Payload.ToArray());
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task An_output_handler_that_throws_fails_its_command_and_nothing_else()
    {
        using var guest = new ScriptedGuest();
        await using var agent = await guest.ConnectedAsync();
        var running = agent.ExecuteAsync(["x"], onOutput: (_, _) => throw new FormatException("mine"), cancellation: Cancel);
        var request = await guest.ExpectAsync(FrameType.Execute);
        await guest.SendAsync(new FrameWriter(FrameType.Stdout).Bytes("x"u8), request.Id);

        await Assert.ThrowsAsync<FormatException>(() => running);
        await guest.ExpectAsync(FrameType.Signal);
        var ping = agent.PingAsync(Cancel);
        await guest.SendAsync(new FrameWriter(FrameType.Done), (await guest.ExpectAsync(FrameType.Ping)).Id);
        await ping;
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task Heartbeats_are_kept_and_their_absence_is_noticed()
    {
        using var guest = new ScriptedGuest();
        await using var agent = await guest.ConnectedAsync();
        await guest.SendAsync(new FrameWriter(FrameType.Heartbeat).U64(2_000_000).U64(512).U32(150).U32(75).U32(25), 0);
        // What is answered after it has come after it.
        var ping = agent.PingAsync(Cancel);
        await guest.SendAsync(new FrameWriter(FrameType.Done), (await guest.ExpectAsync(FrameType.Ping)).Id);
        await ping;

        var last = await agent.HeartbeatLostAsync(TimeSpan.FromMilliseconds(200), Cancel);
        Assert.Equal(new Heartbeat(TimeSpan.FromSeconds(2), 1.5, 0.75, 0.25, 512, last!.HostTimestamp), last);
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task A_device_command_is_answered_by_the_handler()
    {
        using var guest = new ScriptedGuest();
        await using var agent = await guest.ConnectedAsync(new()
        {
            OnDeviceCommand = command => Task.FromResult(new DeviceReply($"{command.Device}: {string.Join('|', command.Words)}", 4)),
        });
        await guest.SendAsync(new FrameWriter(FrameType.DeviceCommand).Texts(["nic", "unplug", "a b"]), Frame.GuestId | 5);

        var reply = await guest.ExpectAsync(FrameType.DeviceReply);
        Assert.Equal(new FrameWriter(FrameType.DeviceReply).U32(4).Text("nic: unplug|a b").Seal(Frame.GuestId | 5).ToArray()[Frame.HeaderSize..], reply.Payload.ToArray());
        Assert.Equal(Frame.GuestId | 5, reply.Id);
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task A_handler_that_throws_is_a_failed_device_command_in_the_guest()
    {
        using var guest = new ScriptedGuest();
        await using var agent = await guest.ConnectedAsync(new() { OnDeviceCommand = _ => throw new InvalidOperationException("no such cable") });
        await guest.SendAsync(new FrameWriter(FrameType.DeviceCommand).Texts(["nic"]), Frame.GuestId);

        var reply = new PayloadReader(FrameType.DeviceReply, (await guest.ExpectAsync(FrameType.DeviceReply)).Payload.Span);
        Assert.Equal(1u, reply.U32());
        Assert.Contains("no such cable", reply.Text(), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task A_pulled_file_that_is_longer_than_allowed_is_refused()
    {
        using var guest = new ScriptedGuest();
        await using var agent = await guest.ConnectedAsync();
        var pulling = agent.PullAsync("/dev/zero", new MemoryStream(), limit: 100, Cancel);
        var request = await guest.ExpectAsync(FrameType.Pull);
        await guest.SendAsync(new FrameWriter(FrameType.Data).Bytes(new byte[101]), request.Id);

        await Assert.ThrowsAsync<IOException>(() => pulling);
        await guest.ExpectAsync(FrameType.Signal);
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task A_request_too_large_for_the_guest_is_refused_here()
    {
        using var guest = new ScriptedGuest();
        await using var agent = await guest.ConnectedAsync();
        var failure = await Assert.ThrowsAsync<ArgumentException>(() => agent.ExecuteAsync([new string('x', Frame.PayloadMax)], cancellation: Cancel));

        Assert.Contains("limit", failure.Message, StringComparison.Ordinal);
    }

    static byte[] Header(FrameType type, uint id, uint length)
    {
        var frame = new FrameWriter(type).Seal(id).ToArray();
        BitConverter.TryWriteBytes(frame.AsSpan(12), length);
        return frame;
    }
}
