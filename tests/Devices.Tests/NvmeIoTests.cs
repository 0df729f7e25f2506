using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Understudy.Devices.Tests;

public class NvmeIoTests
{
    const ulong Data = MiniNvmeDriver.Data, Lists = MiniNvmeDriver.Lists;
    readonly MiniNvmeDriver _card = new MiniNvmeDriver().Open();

    void Fill(ulong address, int bytes, int seed) => new Random(seed).NextBytes(_card.Memory.Slice((int)address, bytes));

    void Entry(ulong list, int index, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(_card.Memory[((int)list + 8 * index)..], value);

    string Sha(ulong address, int bytes) => Convert.ToHexStringLower(SHA256.HashData(_card.Memory.Slice((int)address, bytes)));

    [Theory]
    [InlineData(1, 0)]
    [InlineData(8, 0)]
    [InlineData(8, 0x200)]
    [InlineData(16, 0)]
    [InlineData(3, 0xFFC)]
    public void Data_go_out_and_come_back_by_one_or_two_pages(int blocks, int offset)
    {
        var bytes = blocks * 512;
        Fill(Data + (ulong)offset, bytes, seed: blocks);
        var sha = Sha(Data + (ulong)offset, bytes);
        Assert.Equal(0, _card.Io(0x01, block: 5, blocks, prp1: Data + (ulong)offset, prp2: Data + 0x1000).Status);
        Assert.Equal(sha, _card.Nvme.Namespaces[0].Sha256(5, blocks));
        _card.Memory.Slice((int)Data, 0x3000).Clear();
        Assert.Equal(0, _card.Io(0x02, block: 5, blocks, prp1: Data + (ulong)offset, prp2: Data + 0x1000).Status);
        Assert.Equal(sha, Sha(Data + (ulong)offset, bytes));
        Assert.Empty(_card.Checks);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(0xFF0)]
    [InlineData(0xFF8)]
    public void A_list_of_pages_may_begin_anywhere_and_go_on_elsewhere(int offset)
    {
        var list = Lists + (ulong)offset;
        var room = (0x1000 - offset) / 8;
        for (var i = 0; i < 31; i++)
        {
            var page = Data + 0x1000 + (ulong)(30 - i) * 0x1000;    // backwards
            if (room >= 31 || i < room - 1) Entry(list, i, page);
            else Entry(Lists + 0x1000, i - (room - 1), page);
        }
        if (room < 31) Entry(list, room - 1, Lists + 0x1000);
        Fill(Data, 128 << 10, seed: 3);
        Assert.Equal(0, _card.Io(0x01, block: 100, blocks: 256, prp1: Data, prp2: list).Status);
        Assert.Equal(Sha(Data, 0x1000), _card.Nvme.Namespaces[0].Sha256(100, 8));
        Assert.Equal(Sha(Data + 31 * 0x1000, 0x1000), _card.Nvme.Namespaces[0].Sha256(108, 8));
        Assert.Equal(Sha(Data + 0x1000, 0x1000), _card.Nvme.Namespaces[0].Sha256(100 + 31 * 8, 8));
        Assert.Empty(_card.Checks);
    }

    [Fact]
    public void Pages_may_be_larger_than_four_kilobytes()
    {
        _card.W32(0x14, 0);
        _card.Settle();
        _card.Enable(0x0046_0101);      // 16 KiB
        Assert.Equal(0, _card.CreateCq(1, 16).Status);
        Assert.Equal(0, _card.CreateSq(1, 16, cq: 1).Status);
        Fill(Data, 64 << 10, seed: 4);
        for (var i = 0; i < 3; i++) Entry(Lists, i, Data + (ulong)(i + 1) * 0x4000);
        Assert.Equal(0, _card.Io(0x01, blocks: 128, prp1: Data, prp2: Lists).Status);
        Assert.Equal(Sha(Data, 64 << 10), _card.Nvme.Namespaces[0].Sha256(0, 128));
    }

    [Theory]
    [InlineData(Data + 2, 0ul, 1, 0x013)]
    [InlineData(Data, Data + 0x1004, 16, 0x013)]
    [InlineData(Data, Lists + 4, 32, 0x013)]
    [InlineData(1ul << 40, 0ul, 1, 0x004)]
    [InlineData(Data, 1ul << 40, 16, 0x004)]
    [InlineData(Data, 1ul << 40, 32, 0x004)]
    [InlineData(0xFFFF_FFFF_FFFF_FFFCul, 0ul, 1, 0x004)]
    public void Pages_that_are_not_there_end_the_command_and_no_more(ulong prp1, ulong prp2, int blocks, int status)
    {
        var answer = _card.Io(0x01, blocks: blocks, prp1: prp1, prp2: prp2);
        Assert.Equal((status, status == 0x013), (answer.Status, answer.DoNotRetry));
        Assert.Equal([status == 0x013 ? "prp-misplaced" : "dma-unmapped"], _card.Checks);
        Assert.Equal(0, _card.Io(0x02).Status);
    }

    [Fact]
    public void A_list_that_leads_to_itself_comes_to_an_end()
    {
        Entry(Lists, 511, Lists + 0xFF8);
        Assert.Equal(0x013, _card.Io(0x01, blocks: 256, prp2: Lists + 0xFF8).Status);
        Entry(Lists, 511, Lists);
        for (var i = 0; i < 40; i++) Entry(Lists, i, Lists);
        Assert.Equal(0, _card.Io(0x01, blocks: 256, prp2: Lists + 0xFF8).Status);
    }

    [Theory]
    [InlineData(16383L, 1, 0)]
    [InlineData(16383L, 2, 0x080)]
    [InlineData(16384L, 1, 0x080)]
    [InlineData(-1L, 1, 0x080)]
    [InlineData(long.MinValue, 8, 0x080)]
    public void Blocks_past_the_end_are_out_of_range(long block, int blocks, int status)
    {
        foreach (var opcode in (byte[])[0x01, 0x02, 0x05, 0x08]) Assert.Equal(status, _card.Io(opcode, block, blocks).Status);
    }

    [Theory]
    [InlineData(0x7F, 1, 1u, 0x001)]
    [InlineData(0x02, 257, 1u, 0x002)]
    [InlineData(0x02, 1, 0u, 0x00B)]
    [InlineData(0x02, 1, 2u, 0x00B)]
    [InlineData(0x02, 1, uint.MaxValue, 0x00B)]
    [InlineData(0x00, 1, 3u, 0x00B)]
    [InlineData(0x00, 1, uint.MaxValue, 0)]
    public void Commands_that_cannot_be_are_refused(byte opcode, int blocks, uint nsid, int status) => Assert.Equal(status, _card.Io(opcode, blocks: blocks, nsid: nsid).Status);

    [Fact]
    public void Fused_commands_and_scatter_gather_lists_are_not_offered()
    {
        foreach (var flags in (byte[])[0x01, 0x40, 0x80])
        {
            _card.Put(1, 0x02, cid: 1, nsid: 1, flags: flags);
            _card.Doorbell(1);
            _card.Settle();
            Assert.Equal(0x002, _card.Take(1).Status);
        }
    }

    [Fact]
    public void Compare_knows_the_same_from_another()
    {
        Fill(Data, 512, seed: 9);
        Assert.Equal(0, _card.Io(0x01, block: 7).Status);
        Assert.Equal(0, _card.Io(0x05, block: 7).Status);
        _card.Memory[(int)Data + 511] ^= 1;
        Assert.Equal(0x285, _card.Io(0x05, block: 7).Status);
    }

    [Fact]
    public void Zeroes_and_deallocated_blocks_read_as_zeroes_and_their_neighbours_stay()
    {
        Fill(Data, 64 << 10, seed: 1);
        for (var i = 0; i < 15; i++) Entry(Lists, i, Data + (ulong)(i + 1) * 0x1000);
        Assert.Equal(0, _card.Io(0x01, block: 0, blocks: 128, prp2: Lists).Status);
        Assert.Equal(0, _card.Io(0x08, block: 10, blocks: 5).Status);
        BinaryPrimitives.WriteUInt32LittleEndian(_card.Memory[((int)Lists + 4)..], 3);
        BinaryPrimitives.WriteUInt64LittleEndian(_card.Memory[((int)Lists + 8)..], 20);
        _card.Put(1, 0x09, cid: 3, nsid: 1, prp1: Lists, dword11: 4);
        _card.Doorbell(1);
        _card.Settle();
        Assert.Equal(0, _card.Take(1).Status);
        foreach (var (first, count) in ((int, int)[])[(10, 5), (20, 3)]) _card.Memory.Slice((int)Data + first * 512, count * 512).Clear();
        Assert.Equal(Sha(Data, 64 << 10), _card.Nvme.Namespaces[0].Sha256(0, 128));
        Assert.Equal((5L, 3L), (_card.Nvme.Namespaces[0].BlocksZeroed, _card.Nvme.Namespaces[0].BlocksDeallocated));
    }

    [Fact]
    public void Ranges_past_the_end_deallocate_nothing_and_overlapping_ones_cost_one_namespace()
    {
        for (var i = 0; i < 256; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(_card.Memory[((int)Lists + 16 * i + 4)..], 16384);
            BinaryPrimitives.WriteUInt64LittleEndian(_card.Memory[((int)Lists + 16 * i + 8)..], i == 255 ? 1ul : 0);
        }
        void Deallocate(uint ranges, int status)
        {
            _card.Put(1, 0x09, cid: 3, nsid: 1, prp1: Lists, dword10: ranges - 1, dword11: 4);
            _card.Doorbell(1);
            _card.Settle();
            Assert.Equal(status, _card.Take(1).Status);
        }
        Deallocate(256, 0x080);
        Assert.Equal(0, _card.Nvme.Namespaces[0].BlocksDeallocated);
        Deallocate(255, 0);
        Assert.Equal(16384, _card.Nvme.Namespaces[0].BlocksDeallocated);
    }

    [Fact]
    public void Formatting_forgets_everything_and_can_change_the_block_size()
    {
        Fill(Data, 512, seed: 1);
        _card.Io(0x01, block: 7);
        Assert.Equal(0x10A, _card.Admin(0x80, nsid: 1, dword10: 2).Status);
        Assert.Equal(0x10A, _card.Admin(0x80, nsid: 1, dword10: 1 << 5).Status);
        Assert.Equal(0x002, _card.Admin(0x80, nsid: 1, dword10: 2 << 9).Status);
        Assert.Equal(0x00B, _card.Admin(0x80, nsid: 2, dword10: 0).Status);
        Assert.Equal(0, _card.Admin(0x80, nsid: 1, dword10: 1).Status);
        var space = _card.Nvme.Namespaces[0];
        Assert.Equal((4096, 2048L), (space.BlockSize, space.Blocks));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(new byte[4096])), space.Sha256(0, 1));
        Assert.Equal(1, _card.Identify(0, nsid: 1)[26]);
        Assert.Equal(0, _card.Io(0x01, block: 2047).Status);
    }

    [Fact]
    public void Several_namespaces_keep_their_data_apart()
    {
        var card = new MiniNvmeDriver(new Nvme([new NvmeNamespace(1 << 20), new NvmeNamespace(2 << 20, blockSize: 4096)])).Open();
        Assert.Equal((1, 2, 0), (card.Identify(2)[0], card.Identify(2)[4], card.Identify(2)[8]));
        card.Memory[(int)Data] = 1;
        card.Io(0x01, nsid: 1);
        card.Memory[(int)Data] = 2;
        card.Io(0x01, nsid: 2);
        card.Io(0x02, nsid: 1);
        Assert.Equal(1, card.Memory[(int)Data]);
    }

    [Fact]
    public void A_file_holds_what_was_written_and_its_errors_become_media_errors()
    {
        using var stream = new MemoryStream();
        var card = new MiniNvmeDriver(new Nvme([new NvmeNamespace(1 << 20, media: new StreamMedia(stream, 1 << 20))])).Open();
        "on disk"u8.CopyTo(card.Memory[(int)Data..]);
        Assert.Equal(0, card.Io(0x01, block: 3).Status);
        Assert.Equal("on disk"u8, stream.ToArray().AsSpan(3 * 512, 7));
        Assert.Equal(0, card.Io(0x02, block: 100).Status);
        Assert.Equal(0, card.Memory.Slice((int)Data, 512).IndexOfAnyExcept((byte)0) + 1);
        Assert.Equal(0, card.Io(0x08, block: 3).Status);
        Assert.Equal(0, stream.ToArray()[3 * 512]);
        var broken = new MiniNvmeDriver(new Nvme([new NvmeNamespace(1 << 20, media: new Broken())])).Open();
        Assert.Equal((0x280, 0x281, 0x280, 0x280), (broken.Io(0x01).Status, broken.Io(0x02).Status, broken.Io(0x00).Status, broken.Io(0x08).Status));
        Assert.Equal(4, broken.Log(2, 512)[160]);
    }

    sealed class Broken : INvmeMedia
    {
        public long Length => 1 << 20;

        public bool Read(long offset, Span<byte> destination) => false;

        public bool Write(long offset, ReadOnlySpan<byte> source) => false;

        public bool Discard(long offset, long length) => false;

        public bool Flush() => false;
    }

    [Fact]
    public void Memory_media_forget_whole_chunks_and_parts_of_them()
    {
        var media = new MemoryMedia(1L << 50);
        var ones = new byte[200_000];
        Array.Fill(ones, (byte)1);
        media.Write(60_000, ones);
        media.Discard(70_000, 1L << 49);
        var back = new byte[200_000];
        media.Read(60_000, back);
        Assert.Equal(10_000, back.Count(value => value == 1));
        media.Write(0, ones);
        media.Discard(10, 100_000);
        media.Read(0, back);
        Assert.Equal(100_000, back.Count(value => value == 1));
        Assert.Equal(10, Array.IndexOf(back, (byte)0));
    }
}
