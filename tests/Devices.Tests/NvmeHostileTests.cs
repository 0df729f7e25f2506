using System.Buffers.Binary;
using Understudy.Pci;

namespace Understudy.Devices.Tests;

public class NvmeHostileTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Random_registers_queues_and_memory_never_crash_or_hang_it(int seed)
    {
        var card = new MiniNvmeDriver(new Nvme([new NvmeNamespace(1 << 20), new NvmeNamespace(4 << 20, blockSize: 4096)], ioQueues: 4)).WithMsix();
        var random = new Random(seed);
        random.NextBytes(card.Memory[0x2_0000..]);
        var data = new byte[8];
        var carried = 0L;
        for (var i = 0; i < 60_000; i++)
        {
            random.NextBytes(data);
            var width = 1 << random.Next(4);
            card.Slot.Write(0, Offset(random), data.AsSpan(0, width));
            card.Slot.Read(0, Offset(random), data.AsSpan(0, width));
            if (i % 300 == 0) Reopen(card, random);
            if (i % 5 == 0) Commands(card, random);
            if (i % 97 == 0) Mischief(card.Nvme, card, random);
            if (i % 20 == 0) card.Bus.Time.Advance(random.Next(20_000));
            if (i % 701 == 0) card.Slot.WriteConfig(4, [(byte)random.Next(8), 0x00]);
            if (i % 1999 == 0) card.Slot.Reset();
            carried = Math.Max(carried, card.Nvme.Namespaces[0].BlocksWritten);
        }
        card.Bus.Time.RunUntilIdle(1_000_000);
        Assert.DoesNotContain("model-crashed", card.Checks);
        Assert.True(carried > 0, "no command ever got through: the test tests nothing");
    }

    // Mostly doorbells and the registers before them.
    static ulong Offset(Random random) => random.Next(4) switch
    {
        0 => (ulong)random.Next(0x60),
        1 => (ulong)(0x1000 + 4 * random.Next(16)),
        2 => (ulong)(0x1000 + random.Next(0x240)),
        _ => (ulong)random.Next(0x4000),
    };

    static void Reopen(MiniNvmeDriver card, Random random)
    {
        card.Slot.WriteConfig(4, [0x06, 0x00]);
        card.Slot.Do(nvme => nvme.NeverReady = false);
        card.W32(0x14, 0);
        card.Settle();
        card.Enable();
        for (var id = 1; id <= 2; id++)
        {
            card.Put(0, 0x05, id, dword10: 63u << 16 | (uint)id, dword11: (uint)id << 16 | 3, prp1: 0x2_0000 + (ulong)id * 0x8000);
            card.Put(0, 0x01, 10 + id, dword10: 63u << 16 | (uint)id, dword11: (uint)id << 16 | 1, prp1: 0x4_0000 + (ulong)id * 0x8000);
        }
        for (var i = random.Next(4); i > 0; i--) card.Put(0, 0x0C, 20 + i);
        card.Doorbell(0);
        card.Settle();
    }

    // Commands that are mostly half right, in memory where queues 1 and 2 are.
    static void Commands(MiniNvmeDriver card, Random random)
    {
        var queue = random.Next(3);
        var at = queue == 0 ? (int)MiniNvmeDriver.AdminSq : 0x4_0000 + queue * 0x8000;
        for (var i = 0; i < 4; i++)
        {
            var entry = card.Memory.Slice(at + 64 * random.Next(queue == 0 ? MiniNvmeDriver.AdminEntries : 64), 64);
            random.NextBytes(entry);
            entry[0] = (byte)(random.Next(5) == 0 ? random.Next(256) : random.Next(queue == 0 ? 14 : 10));
            if (random.Next(4) != 0) entry[1] = 0;
            BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], random.Next(4) == 0 ? uint.MaxValue : (uint)random.Next(4));
            BinaryPrimitives.WriteUInt64LittleEndian(entry[24..], (ulong)random.Next(5 << 20) & (random.Next(3) == 0 ? ulong.MaxValue : ~0xFFFul));
            BinaryPrimitives.WriteUInt64LittleEndian(entry[32..], (ulong)random.Next(5 << 20) & (random.Next(3) == 0 ? ulong.MaxValue : ~0xFFFul));
            if (random.Next(4) == 0) continue;
            BinaryPrimitives.WriteUInt64LittleEndian(entry[40..], (ulong)random.Next(2100));
            BinaryPrimitives.WriteUInt32LittleEndian(entry[48..], (uint)random.Next(300));
        }
        card.W32(0x1000 + 8 * queue, (uint)random.Next(64));
        card.W32(0x1004 + 8 * queue, (uint)random.Next(64));
    }

    static void Mischief(Nvme nvme, MiniNvmeDriver card, Random random) => card.Slot.Do(_ =>
    {
        switch (random.Next(12))
        {
            case 0: nvme.LoseNextCompletion(3); break;
            case 1: nvme.HoldNext(3); break;
            case 2: nvme.DelayNext(random.Next(50_000), 3); break;
            case 3: nvme.DuplicateNextCompletion(3); break;
            case 4: nvme.NextCompletionInWrongPhase(); break;
            case 5: nvme.NextCompletionForWrongCommand(); break;
            case 6: nvme.FailNext((NvmeStatus)random.Next(0x800), 3); break;
            case 7: nvme.AdminHangs = random.Next(2) == 0; break;
            case 8: nvme.Resize(1, 512 * random.Next(1, 4096)); break;
            case 9: nvme.Attach(1, random.Next(3) != 0); break;
            case 10: nvme.Temperature = (ushort)random.Next(500); break;
            default: nvme.GoFatal(); break;
        }
    });

    [Fact]
    public void Reading_and_writing_allocate_nothing()
    {
        var card = new MiniNvmeDriver().WithMsix().Open();
        byte[] tail = new byte[4], head = new byte[4];
        var memory = card.Bus;
        var next = 0;
        for (var i = 0; i < 64; i++) card.PutIo(i % 2 == 0 ? (byte)0x01 : (byte)0x02, block: i * 16, blocks: 16, cid: i, prp2: MiniNvmeDriver.Data + 0x1000);
        void Round()
        {
            next = (next + 1) % 64;
            tail[0] = head[0] = (byte)next;
            card.Slot.Write(0, 0x1008, tail);
            memory.Time.RunUntilIdle();
            card.Slot.Write(0, 0x100C, head);
        }
        long Pass()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 1024; i++) Round();
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
        // The runtime allocates when it compiles a method anew, whenever it likes; the model would allocate in every pass.
        Assert.Contains(0, Enumerable.Range(0, 5).Select(_ => Pass()).ToArray());
        Assert.Equal(5 * 1024 / 2 * 16, card.Nvme.Namespaces[0].BlocksWritten);
        Assert.Empty(card.Checks);
    }

    [Fact]
    public void The_same_seed_gives_the_same_trace()
    {
        static string Trace(int seed)
        {
            var trace = new TraceRecorder();
            var card = new MiniNvmeDriver(seed: seed, interceptors: trace).WithMsix().Open();
            var random = new Random(seed);
            for (var i = 0; i < 300; i++)
            {
                card.PutIo((byte)random.Next(1, 3), block: random.Next(16000), blocks: random.Next(1, 9), cid: i);
                if (random.Next(3) != 0) continue;
                card.Doorbell(1);
                card.Bus.Time.Advance(random.Next(5_000));
                while (card.TryTake(1, out _)) { }
            }
            return trace.ToString();
        }

        Assert.Equal(Trace(3), Trace(3));
        Assert.NotEqual(Trace(3), Trace(4));
    }
}
