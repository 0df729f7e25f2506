using System.Buffers.Binary;
using Understudy.Transports.VfioUser;
using static Understudy.Transports.Tests.ScriptedClient;

namespace Understudy.Transports.Tests;

public sealed class MessageDmaTests
{
    const int DmaRead = 11, DmaWrite = 12;
    const ulong Unshared = 0xFFFC_0000;

    static (ulong Address, int Count) Range(Message message) =>
        (BinaryPrimitives.ReadUInt64LittleEndian(message.Body), (int)BinaryPrimitives.ReadUInt64LittleEndian(message.Body.AsSpan(8)));

    /// <summary>Plays the machine for one DMA request: takes it, does it on an array, answers.</summary>
    static (ulong Address, int Count) Serve(ScriptedClient client, byte[] memory, ulong start)
    {
        var request = client.Receive()!;
        Assert.Equal(0u, request.Flags);
        var (address, count) = Range(request);
        var part = memory.AsSpan((int)(address - start), count);
        if (request.Command == DmaWrite)
        {
            Assert.Equal(16 + count, request.Body.Length);
            request.Body.AsSpan(16).CopyTo(part);
        }
        else
        {
            Assert.Equal((DmaRead, 16), (request.Command, request.Body.Length));
        }
        var data = request.Command == DmaRead ? part.ToArray() : [];
        client.SendRaw(Frame(request.Id, request.Command, Bytes(address, (ulong)count, data), Header.Reply));
        return (address, count);
    }

    [Fact]
    public async Task Memory_is_read_and_written_by_messages_of_at_most_64_kib()
    {
        await using var rig = new Rig(new() { PostedWrites = false });
        using var client = rig.Boot();
        var memory = new byte[200_000];
        new Random(1).NextBytes(memory);
        var expected = (byte[])memory.Clone();
        var data = new byte[memory.Length];
        var read = rig.Transport.ReadMemoryAsync(rig.Slot, Unshared, data);
        Assert.Equal([65536, 65536, 65536, 200_000 - 3 * 65536], Enumerable.Range(0, 4).Select(_ => Serve(client, memory, Unshared).Count));
        Assert.True(await read);
        Assert.Equal(expected, data);
        new Random(2).NextBytes(data);
        var write = rig.Transport.WriteMemoryAsync(rig.Slot, Unshared, data);
        Assert.Equal([65536, 65536, 65536, 200_000 - 3 * 65536], Enumerable.Range(0, 4).Select(_ => Serve(client, memory, Unshared).Count));
        Assert.True(await write);
        Assert.Equal(data, memory);
    }

    [Fact]
    public async Task A_client_that_takes_less_gets_less()
    {
        await using var rig = new Rig(new() { PostedWrites = false });
        using var client = new ScriptedClient(rig.SocketPath);
        client.Call(1, Version("""{"capabilities":{"max_data_xfer_size":4096}}"""));
        var memory = new byte[10_000];
        var read = rig.Transport.ReadMemoryAsync(rig.Slot, 0, new byte[memory.Length]);
        Assert.Equal([4096, 4096, 1808], Enumerable.Range(0, 3).Select(_ => Serve(client, memory, 0).Count));
        Assert.True(await read);
    }

    [Fact]
    public async Task Commands_are_served_while_a_reply_is_outstanding()
    {
        await using var rig = new Rig(new() { PostedWrites = false });
        using var client = rig.Boot();
        var memory = new byte[64];
        var read = rig.Transport.ReadMemoryAsync(rig.Slot, 0, new byte[64]);
        var request = client.Receive()!;
        Assert.Equal(0x5678_1234u, client.Read32(7, 0));
        client.Call(13, []);
        client.SendRaw(Frame(request.Id, DmaRead, Bytes(0UL, 64UL, memory), Header.Reply));
        Assert.True(await read);
    }

    [Fact]
    public async Task Replies_may_come_in_any_order()
    {
        await using var rig = new Rig(new() { PostedWrites = false });
        using var client = rig.Boot();
        byte[] one = new byte[4], two = new byte[4];
        var first = rig.Transport.ReadMemoryAsync(rig.Slot, 0x1000, one);
        var firstRequest = client.Receive()!;
        var second = rig.Transport.ReadMemoryAsync(rig.Slot, 0x2000, two);
        var secondRequest = client.Receive()!;
        client.SendRaw(Frame(secondRequest.Id, DmaRead, Bytes(0x2000UL, 4UL, 2u), Header.Reply));
        Assert.True(await second);
        client.SendRaw(Frame(firstRequest.Id, DmaRead, Bytes(0x1000UL, 4UL, 1u), Header.Reply));
        Assert.True(await first);
        Assert.Equal((1, 2), (one[0], two[0]));
    }

    [Fact]
    public async Task A_refusal_comes_back_as_one()
    {
        await using var rig = new Rig(new() { PostedWrites = false });
        using var client = rig.Boot();
        var read = rig.Transport.ReadMemoryAsync(rig.Slot, 0, new byte[200_000]);
        client.SendRaw(Frame(client.Receive()!.Id, DmaRead, [], 0x21, error: 19));
        Assert.False(await read);
        Assert.Equal(0x5678_1234u, client.Read32(7, 0));            // and no further chunk was asked for
    }

    [Fact]
    public async Task A_machine_that_leaves_or_was_never_there_fails_the_transfer()
    {
        await using var rig = new Rig(new() { PostedWrites = false });
        Assert.False(await rig.Transport.ReadMemoryAsync(rig.Slot, 0, new byte[4]));
        var client = rig.Boot();
        var read = rig.Transport.ReadMemoryAsync(rig.Slot, 0, new byte[4]);
        Assert.NotNull(client.Receive());
        client.Dispose();
        Assert.False(await read);
    }

    public static TheoryData<int, byte[]> Misfits => new()
    {
        { DmaWrite, Bytes(0UL, 4UL, 0u) },
        { DmaRead, Bytes(0UL, 4UL) },
        { DmaRead, Bytes(0UL, 4UL, 0UL) },
        { DmaRead, Bytes(0UL, 8UL, 0u) },
        { DmaRead, [] },
    };

    [Theory]
    [MemberData(nameof(Misfits))]
    public async Task A_reply_that_does_not_fit_its_question_ends_the_connection(int command, byte[] body)
    {
        await using var rig = new Rig(new() { PostedWrites = false });
        using var client = rig.Boot();
        var read = rig.Transport.ReadMemoryAsync(rig.Slot, 0, new byte[4]);
        client.SendRaw(Frame(client.Receive()!.Id, command, body, Header.Reply));
        Assert.False(await read);
        Assert.Null(client.Receive());
        Assert.Contains("does not fit", Assert.Single(rig.Transport.Findings).Text);
    }

    [Fact]
    public async Task Asking_under_the_lock_is_an_error_and_not_a_deadlock()
    {
        await using var rig = new Rig(new() { PostedWrites = false });
        using var client = rig.Boot();
        rig.Slot.Do(_ =>
        {
            Assert.NotNull(Record.Exception(() => rig.Transport.ReadMemoryAsync(rig.Slot, 0, new byte[4]).IsCompleted) as InvalidOperationException);
            Assert.NotNull(Record.Exception(() => rig.Transport.WriteMemoryAsync(rig.Slot, 0, new byte[4]).IsCompleted) as InvalidOperationException);
        });
    }

    [Fact]
    public async Task A_model_cannot_reach_unshared_memory_unless_the_lab_lets_it_post_writes()
    {
        await using var rig = new Rig(new() { PostedWrites = false });
        using var client = rig.Connect();
        client.Enable();
        client.Call(2, Map(Unshared, 0x1000));
        Assert.False(rig.Slot.Ask(device => device.Writes(Unshared, [1])));
        Assert.False(rig.Slot.Ask(device => device.Reads(Unshared, new byte[1])));
        Assert.Contains(rig.Slot.Findings, finding => finding.Check == "dma-unmapped");
    }

    [Fact]
    public async Task What_a_device_sends_behind_a_posted_write_waits_until_that_has_arrived()
    {
        await using var rig = new Rig(new() { PostedWrites = false, MessageWrites = MessageWrites.ToUnsharedMemory });
        using var client = rig.Boot();
        client.Call(2, Map(Unshared, 0x10000));
        using var events = client.Install(0, 0);
        rig.Slot.Do(device =>
        {
            Assert.True(device.Writes(0x100, [1]));
            Assert.True(device.Writes(Unshared, new byte[100]));
            Assert.True(device.Writes(0x200, [2]));                 // shared memory, but later
            Assert.False(device.Reads(Unshared, new byte[1]));
            device.Assert(true);
        });
        Assert.Equal([1], rig.MemoryAt(0x100, 1));
        var request = client.Receive()!;
        Assert.Equal((DmaWrite, (Unshared, 100)), (request.Command, Range(request)));
        Assert.True(client.HearsNothing(TimeSpan.Zero));
        Assert.Equal([0], rig.MemoryAt(0x200, 1));
        Assert.Equal(0UL, events.Take());
        client.SendRaw(Frame(request.Id, DmaWrite, Bytes(Unshared, 100UL), Header.Reply));
        Assert.True(Fires(events));
        Assert.Equal([2], rig.MemoryAt(0x200, 1));
    }

    [Fact]
    public async Task Every_write_goes_by_message_when_a_guest_may_execute_the_data()
    {
        await using var rig = new Rig(new() { PostedWrites = false, MessageWrites = MessageWrites.Always });
        using var client = rig.Boot();
        rig.Slot.Do(device => Assert.True(device.Writes(0x100, new byte[100_000])));
        var memory = new byte[Rig.MemorySize];
        Assert.Equal((0x100UL, 65536), Serve(client, memory, 0));
        Assert.Equal((0x100UL + 65536, 100_000 - 65536), Serve(client, memory, 0));
        rig.Slot.Do(device => Assert.False(device.Writes(Rig.MemorySize, [1])));
    }

    [Fact]
    public async Task What_was_posted_to_a_machine_that_left_does_not_reach_the_next()
    {
        await using var rig = new Rig(new() { PostedWrites = false, MessageWrites = MessageWrites.ToUnsharedMemory });
        using (var client = rig.Boot())
        {
            client.Call(2, Map(Unshared, 0x10000));
            rig.Slot.Do(device =>
            {
                Assert.True(device.Writes(Unshared, new byte[100]));
                Assert.True(device.Writes(0x200, [2]));
                Assert.True(device.Writes(Unshared, new byte[100]));
            });
            Assert.NotNull(client.Receive());
        }
        using var next = rig.Boot();
        Assert.True(rig.Slot.Ask(device => device.Writes(0x300, [3])));
        while (!rig.MemoryAt(0x300, 1).SequenceEqual(new byte[] { 3 })) Thread.Yield();     // queued behind, so it comes last
        Assert.Equal([0], rig.MemoryAt(0x200, 1));
        Assert.Equal(0x5678_1234u, next.Read32(7, 0));
        Assert.Empty(rig.Transport.Findings);
    }

    [Fact]
    public async Task Messages_and_posted_writes_together_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new VfioUserTransport(new Pci.ManualClock(), new() { MessageWrites = MessageWrites.Always }));
        await using var rig = new Rig();
        using var client = rig.Boot();
        await Assert.ThrowsAsync<InvalidOperationException>(() => rig.Transport.ReadMemoryAsync(rig.Slot, 0, new byte[4]));
    }
}
