using Understudy.Pci;
using Understudy.Pci.Tests;
using static Understudy.Devices.Tests.AxisG2Rig;

namespace Understudy.Devices.Tests;

[Collection(nameof(Allocation))]
public class AxisG2HostileTests
{
    readonly AxisG2Rig _card = new();

    [Fact]
    public void A_word_that_is_missing_is_found()
    {
        _card.Open();
        _card.W(0x060, 100);
        _card.W(0x044, 64);
        _card.W(0x040, 0);
        Assert.Equal(["descriptor-torn"], _card.Checks);
    }

    [Fact]
    public void A_buffer_that_is_posted_twice_is_found_in_either_direction()
    {
        _card.Open(buffers: 1);
        _card.Post(0);
        Assert.Equal(["rx-buffer-twice"], _card.Checks);
        _card.Send(Bytes(64));
        _card.Send(Bytes(64));
        Assert.Equal(["rx-buffer-twice", "tx-buffer-twice"], _card.Checks);
    }

    [Fact]
    public void More_buffers_than_the_ring_is_safe_for_are_found_and_more_than_the_fifo_holds_are_lost()
    {
        var card = new AxisG2Rig(new() { RingBits = 2 }).Open(buffers: 3);
        Assert.Empty(card.Checks);
        card.Post(3);
        Assert.Equal(["rx-credits-exceeded"], card.Checks);
        card.Post(4);
        Assert.Contains("fifo-overflow", card.Checks);
        Assert.Equal(4, card.Slot.Ask(axis => axis.FreeBuffers));
    }

    [Fact]
    public void An_engine_that_was_not_set_up_is_found()
    {
        _card.W(0x000, 1);
        Assert.Equal(["enabled-in-fifo-reset", "enabled-without-size", "ring-misplaced"], _card.Checks.Distinct().Order());
        _card.W(0x010, 0x100);
        Assert.Contains("ring-moved", _card.Checks);
        _card.Slot.Write(0, 0x048, [1, 2]);
        Assert.Contains("partial-access", _card.Checks);
    }

    [Theory]
    [InlineData(CompletionFault.Lost)]
    [InlineData(CompletionFault.Twice)]
    [InlineData(CompletionFault.WrongIndex)]
    [InlineData(CompletionFault.SendIndex)]
    [InlineData(CompletionFault.Result)]
    [InlineData(CompletionFault.Late)]
    [InlineData(CompletionFault.Stale)]
    [InlineData(CompletionFault.TooLong)]
    [InlineData(CompletionFault.Empty)]
    [InlineData(CompletionFault.Overflow)]
    [InlineData(CompletionFault.BusError)]
    [InlineData(CompletionFault.Torn)]
    [InlineData(CompletionFault.FlippedBit)]
    public void Completions_go_wrong_as_they_are_told_and_only_once(CompletionFault fault)
    {
        _card.Open();
        _card.Slot.Do(card => card.FailNext(fault, result: fault == CompletionFault.Result ? 5 : 0));
        _card.Send(Bytes(64));
        _card.Clocks(200);
        var there = _card.TryReceive(out var got);
        Assert.Equal(fault is not (CompletionFault.Lost or CompletionFault.Late), there);
        switch (fault)
        {
            case CompletionFault.Twice: Assert.Equal(got, _card.Receive()); break;
            case CompletionFault.WrongIndex: Assert.Equal(0x0FFF_FFFFu, got.Index); break;
            case CompletionFault.SendIndex: Assert.Equal(0u, got.Index); break;
            case CompletionFault.Result: Assert.Equal(5u, got.Result); break;
            case CompletionFault.TooLong: Assert.Equal(MaxSize + 1, got.Size); break;
            case CompletionFault.Empty: Assert.Equal(0u, got.Size); break;
            case CompletionFault.Overflow: Assert.Equal(4u, got.Result); break;
            case CompletionFault.BusError: Assert.Equal(3u, got.Result); break;
            case CompletionFault.Torn: Assert.Equal((0u, 0u), (got.Size, got.Word0)); break;
            case CompletionFault.FlippedBit: Assert.Single(_card.Data(got).Zip(Bytes(64)), pair => pair.First != pair.Second); break;
        }
        _card.Settle();
        _card.Send(Bytes(80, 2), index: 101);
        _card.Settle();
        var next = _card.Receive();
        Assert.Equal((80u, 0u), (next.Size, next.Result));
        Assert.Equal(Bytes(80, 2), _card.Data(next));
    }

    [Fact]
    public void A_late_completion_comes_once_the_engine_is_disabled_and_a_stale_one_when_it_is_enabled_again()
    {
        _card.Open(buffers: 3);
        _card.Slot.Do(card => card.FailNext(CompletionFault.Late));
        _card.Send(Bytes(64));
        _card.Settle();
        Assert.False(_card.TryReceive(out _));
        _card.W(0x000, 0);
        Assert.Equal((0u, 64u), (_card.Receive().Index, 64u));
        _card.Open(buffers: 3);
        _card.Slot.Do(card => card.FailNext(CompletionFault.Stale));
        _card.Send(Bytes(80));
        _card.Settle();
        var right = _card.Receive();
        _card.W(0x000, 0);
        _card.Open(buffers: 0);
        Assert.Equal(right, _card.Receive());
        _card.W(0x000, 0);
        _card.Open(buffers: 0);
        Assert.False(_card.TryReceive(out _));
    }

    [Fact]
    public void An_address_wider_than_the_card_said_it_can_is_found()
    {
        var card = new AxisG2Rig(new() { AddressBits = 22 }).Open(buffers: 1);
        card.Send(Bytes(64), address: AxisG2Rig.TxBuffers + 0x1000);
        Assert.Equal(["address-too-wide"], card.Checks.Distinct());
        Assert.Contains("22 address bits", card.Slot.Findings[0].Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("axisg2-no-bar", 0u)]
    [InlineData("axisg2-bar-8k", 0xFFFF_E004u)]
    [InlineData("axisg2-bar-32m", 0xFE00_0004u)]
    public void Cards_with_another_BAR_0_say_so_and_nothing_else(string name, uint sized)
    {
        var slot = new PciSlot<PciDevice>(new LoopbackBus(1 << 20), Catalog.Find(name).Create());
        Span<byte> word = stackalloc byte[4];
        slot.ReadConfig(0, word);
        Assert.Equal(0x2030_1A4Au, BitConverter.ToUInt32(word));
        slot.WriteConfig(0x10, [0xFF, 0xFF, 0xFF, 0xFF]);
        slot.ReadConfig(0x10, word);
        Assert.Equal(sized, BitConverter.ToUInt32(word));
        Assert.Empty(slot.Findings);
    }

    [Fact]
    public void A_card_without_any_interrupt_works_and_is_silent()
    {
        var card = new AxisG2(new() { HasMsi = false, HasMsix = false, HasIntx = false });
        var slot = new PciSlot<AxisG2>(new LoopbackBus(1 << 20), card);
        Span<byte> pin = stackalloc byte[1];
        slot.ReadConfig(0x3D, pin);
        Assert.Equal(0, pin[0]);
        slot.WriteConfig(4, [6, 0]);
        slot.Write(0, 0x004, [1, 0, 0, 0]);
        slot.Write(0, 0x020, [0, 0, 0, 0]);
        slot.Write(0, 0x000, [1, 0, 0, 0]);
        slot.Write(0, 0x080, [1, 0, 0, 0]);
        Assert.Equal(1, card.Counters.Interrupts);
    }

    [Fact]
    public void Prbs_frames_are_those_of_the_applications()
    {
        var frame = new byte[4096];
        Prbs.Fill(frame.AsSpan(0, 40), 1);
        Assert.Equal([1u, 9, 2, 5, 0xb, 0x17, 0x2e, 0x5c, 0xb8, 0x170], Enumerable.Range(0, 10).Select(i => BitConverter.ToUInt32(frame, 4 * i)));
        Prbs.Fill(frame.AsSpan(0, 40), 0xCAFEBABE);
        Assert.Equal([0xcafebabe, 9u, 0x95fd757d, 0x2bfaeafb, 0x57f5d5f6], Enumerable.Range(0, 5).Select(i => BitConverter.ToUInt32(frame, 4 * i)));
        Prbs.Fill(frame, 1);
        Assert.Equal(0x3649843du, Crc32.FrameCheck(frame));
        Prbs.Fill(frame, 0xCAFEBABE);
        Assert.Equal(0xb790b8f1u, Crc32.FrameCheck(frame));
    }

    [Fact]
    public void The_prbs_end_judges_what_comes_and_sends_what_is_asked()
    {
        var prbs = new PrbsStream();
        var card = new AxisG2Rig(stream: prbs).Open();
        var frame = new byte[100_000];
        Prbs.Fill(frame, 42);
        card.Send(frame);
        card.Settle();
        frame[70_000] ^= 1;
        card.Send(frame);
        card.Settle();
        Assert.Equal((1, 1), (prbs.Good, prbs.Bad));
        card.Slot.Do(_ => prbs.Start(frames: 2, size: 70_000));
        card.Settle();
        var parts = new[] { card.Receive(), card.Receive(), card.Receive(), card.Receive() };
        Assert.Equal([MaxSize, 70_000 - MaxSize, MaxSize, 70_000 - MaxSize], parts.Select(part => part.Size));
        Prbs.Fill(frame.AsSpan(0, 70_000), 1);
        Assert.Equal(frame[..70_000], parts[2..].SelectMany(card.Data));
        Assert.Throws<ArgumentOutOfRangeException>(() => card.Slot.Do(_ => prbs.Start(1, 13)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Random_writes_never_crash_or_hang_it(int seed)
    {
        var random = new Random(seed);
        var card = new AxisG2Rig(new() { Lanes = 1 + seed % 4, RingBits = 6, Version = 2 + seed }, stream: seed % 2 == 0 ? new PrbsStream() : null, seed: seed);
        for (var i = 0; i < 30_000; i++)
        {
            var data = new byte[1 << random.Next(4)];
            random.NextBytes(data);
            card.Slot.Write(0, (ulong)random.Next(0x100), data);
            if (i % 3 == 0) card.Post(random.Next(64), (ulong)random.Next(9 << 20) & ~15ul);
            if (i % 2 == 0) card.PostTx((uint)random.NextInt64(1L << 32), (uint)random.Next(1 << random.Next(1, 31)), random.Next(64), (ulong)random.Next(9 << 20) & ~15ul);
            if (i % 31 == 0) card.Open(buffers: random.Next(20), maxSize: (uint)random.Next(1 << random.Next(1, 18)), cont: random.Next(2) == 0);
            if (i % 37 == 0) card.Slot.Do(axis => axis.FailNext((CompletionFault)random.Next(11), random.Next(3)));
            if (i % 41 == 0) card.Slot.Do(axis => Source(axis.Stream as PrbsStream, random));
            if (i % 50 == 0) card.Bus.Time.Advance(random.Next(1_000_000));
            if (i % 500 == 0) card.BusMaster(random.Next(4) != 0);
            if (i % 997 == 0) card.Slot.Reset();
            if (i % 997 == 1) card.BusMaster(true);
        }
        card.W(0x000, 0);
        card.Bus.Time.RunUntilIdle();
        Assert.True(card.Counters.RxCompleted > 100, "the engine hardly ran");
        Assert.DoesNotContain("model-crashed", card.Checks);
    }

    static void Source(PrbsStream? prbs, Random random)
    {
        if (prbs is { Waiting: 0 }) prbs.Start(random.Next(100), random.Next(3, 3000) * 4, group: (byte)random.Next(8), dest: (byte)random.Next(256));
    }

    [Fact]
    public void Traffic_allocates_nothing()
    {
        _card.Open(buffers: 8, maxSize: 1024);
        void Round(int i)
        {
            _card.PostTx(Flags(dest: 3), 1500, 100 + i % 8, TxBuffers);
            _card.Settle();
            while (_card.TryReceive(out var got)) _card.Post((int)got.Index);
            while (_card.TryReturn(out _)) { }
            _card.W(0x004, 0);
            _card.W(0x04C, 0x3_0003);
        }
        long Pass()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 1024; i++) Round(i);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
        // The runtime allocates when it compiles a method anew, whenever it likes; the model would allocate in every pass.
        Assert.Contains(0, Enumerable.Range(0, 5).Select(_ => Pass()).ToArray());
        Assert.Equal(5 * 1024, _card.Counters.TxFrames);
        Assert.Empty(_card.Checks);
    }

    [Fact]
    public void The_same_seed_gives_the_same_trace()
    {
        Assert.Equal(Trace(3), Trace(3));
        Assert.NotEqual(Trace(3), Trace(4));
    }

    static string Trace(int seed)
    {
        var trace = new TraceRecorder();
        var card = new AxisG2Rig(seed: seed, interceptors: trace).Open();
        var random = new Random(seed);
        for (var i = 0; i < 100; i++)
        {
            card.Send(Bytes(random.Next(1, 4000), seed), index: 100 + i);
            card.Bus.Time.Advance(random.Next(10_000));
            while (card.TryReceive(out var got)) card.Post((int)got.Index);
        }
        return trace.ToString();
    }
}
