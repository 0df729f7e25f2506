using System.Buffers.Binary;
using System.Text;

namespace Understudy.Devices.Tests;

public class NvmeControllerTests
{
    readonly MiniNvmeDriver _card = new();

    [Fact]
    public void It_says_what_it_can_and_becomes_ready_when_enabled()
    {
        Assert.Equal(0x0001_0400u, _card.R32(0x08));
        Assert.Equal(0x3FFu, _card.R32(0) & 0xFFFF);
        Assert.Equal(0u, _card.Csts);
        _card.W32(0x24, 0x001F_001F);
        _card.W64(0x28, MiniNvmeDriver.AdminSq);
        _card.W64(0x30, MiniNvmeDriver.AdminCq);
        _card.W32(0x14, 0x0046_0001);
        Assert.Equal(0u, _card.Csts);
        _card.Settle();
        Assert.Equal(1u, _card.Csts);
        _card.W32(0x14, 0x0046_0000);
        Assert.Equal(1u, _card.Csts);
        _card.Settle();
        Assert.Equal(0u, _card.Csts);
        Assert.Empty(_card.Checks);
    }

    [Theory]
    [InlineData(0x0046_0011u, "command set")]
    [InlineData(0x0046_0281u, "page size")]
    [InlineData(0x0046_0801u, "arbitration")]
    public void What_it_cannot_do_is_fatal_and_a_reset_helps(uint cc, string why)
    {
        _card.Enable(cc);
        Assert.Equal(2u, _card.Csts & 3);
        Assert.Contains(why, Assert.Single(_card.Slot.Findings).Text, StringComparison.Ordinal);
        _card.W32(0x14, 0);
        _card.Settle();
        Assert.Equal(0u, _card.Csts);
        _card.Open();
    }

    [Fact]
    public void Admin_queues_of_one_entry_or_out_of_place_are_fatal()
    {
        _card.Enable(entries: 1);
        Assert.True(_card.Nvme.IsFatal);
        _card.W32(0x14, 0);
        _card.W32(0x24, 0x001F_001F);
        _card.W64(0x28, 0x1000);
        _card.W64(0x30, 0x1000);
        _card.Settle();
        _card.W32(0x14, 0x0046_0081);
        _card.Settle();
        Assert.True(_card.Nvme.IsFatal);
    }

    [Theory]
    [InlineData(1u, NvmeShutdown.Normal)]
    [InlineData(2u, NvmeShutdown.Abrupt)]
    public void Shutting_down_takes_a_while_and_ends_all_work(uint shn, NvmeShutdown how)
    {
        _card.Open();
        _card.W32(0x14, 0x0046_0001 | shn << 14);
        Assert.Equal(0x5u, _card.Csts);
        _card.Settle();
        Assert.Equal(0x9u, _card.Csts);
        Assert.Equal(how, _card.Nvme.LastShutdown);
        _card.PutIo(0x02);
        _card.Doorbell(1);
        _card.Settle();
        Assert.False(_card.TryTake(1, out _));
        Assert.Equal(["doorbell-while-disabled"], _card.Checks);
        _card.W32(0x14, 0);
        _card.Settle();
        _card.Open();
        Assert.Equal(NvmeShutdown.None, _card.Nvme.LastShutdown);
    }

    [Fact]
    public void One_that_never_becomes_ready_does_once_told()
    {
        _card.Slot.Do(nvme => nvme.NeverReady = true);
        _card.Enable();
        Assert.Equal(0u, _card.Csts);
        _card.W32(0x14, 0);
        _card.Slot.Do(nvme => nvme.NeverReady = false);
        _card.Open();
    }

    [Fact]
    public void After_a_fatal_error_nothing_goes_on_until_the_reset()
    {
        _card.Open();
        _card.Slot.Do(nvme => nvme.GoFatal());
        Assert.Equal(3u, _card.Csts);
        _card.PutIo(0x02);
        _card.Doorbell(1);
        _card.Settle();
        Assert.False(_card.TryTake(1, out _));
        _card.W32(0x14, 0);
        _card.Settle();
        _card.Open();
        Assert.Equal(0, _card.Io(0x02).Status);
    }

    [Fact]
    public void Identify_tells_controller_namespace_list_and_descriptors()
    {
        _card.Open();
        var controller = _card.Identify(1);
        Assert.Equal(0x1E0F, BinaryPrimitives.ReadUInt16LittleEndian(controller));
        Assert.Equal("UNDERSTUDY-0001     ", Encoding.ASCII.GetString(controller.Slice(4, 20)));
        Assert.Equal(5, controller[77]);
        Assert.Equal(1u, BinaryPrimitives.ReadUInt32LittleEndian(controller[516..]));
        var space = _card.Identify(0, nsid: 1);
        Assert.Equal(16384ul, BinaryPrimitives.ReadUInt64LittleEndian(space));
        Assert.Equal((9, 12), (space[130], space[134]));
        Assert.Equal(1u, BinaryPrimitives.ReadUInt32LittleEndian(_card.Identify(2)));
        Assert.Equal(0u, BinaryPrimitives.ReadUInt32LittleEndian(_card.Identify(2, nsid: 1)));
        Assert.Equal((1, 8, 2, 16), (_card.Identify(3, nsid: 1)[0], _card.Identify(3, nsid: 1)[1], _card.Identify(3, nsid: 1)[12], _card.Identify(3, nsid: 1)[13]));
        Assert.Equal(0, _card.Identify(6).IndexOfAnyExcept((byte)0) + 1);
    }

    [Theory]
    [InlineData(0x11u, 0u, 0x002)]
    [InlineData(0u, 0u, 0x00B)]
    [InlineData(0u, 2u, 0x00B)]
    [InlineData(3u, 2u, 0x00B)]
    [InlineData(2u, 0xFFFF_FFFEu, 0x00B)]
    public void Identify_refuses_what_there_is_not(uint cns, uint nsid, int status) => Assert.Equal(status, _card.Open().Admin(0x06, nsid: nsid, dword10: cns).Status);

    [Fact]
    public void The_number_of_queues_is_agreed_before_there_are_any()
    {
        _card.Enable();
        Assert.Equal(0x0007_0007u, _card.SetFeature(7, 0x00FF_00FF).Result);
        Assert.Equal(0x0003_0002u, _card.SetFeature(7, 0x0003_0002).Result);
        Assert.Equal(0x0003_0002u, _card.GetFeature(7).Result);
        Assert.Equal(0x0007_0007u, _card.GetFeature(7, select: 1).Result);
        Assert.Equal(0x002, _card.SetFeature(7, 0xFFFF).Status);
        Assert.Equal(0, _card.CreateCq(4, 16).Status);
        Assert.Equal(0x101, _card.CreateSq(4, 16, cq: 4).Status);
        Assert.Equal(0x00C, _card.SetFeature(7, 0).Status);
    }

    [Fact]
    public void Features_hold_what_they_are_set_to_until_a_controller_reset()
    {
        _card.Enable();
        Assert.Equal(1u, _card.GetFeature(6).Result);
        _card.SetFeature(6, 0);
        _card.SetFeature(1, 0x0102_0303);
        _card.SetFeature(9, 0x1_0002);
        _card.SetFeature(4, 300);
        _card.SetFeature(4, 250 | 1 << 20);
        Assert.Equal((0u, 0x0102_0303u), (_card.GetFeature(6).Result, _card.GetFeature(1).Result));
        Assert.Equal((0x1_0002u, 1u), (_card.GetFeature(9, value: 2).Result, _card.GetFeature(9, value: 1).Result));
        Assert.Equal((300u, 250u), (_card.GetFeature(4).Result, _card.GetFeature(4, value: 1 << 20).Result));
        Assert.Equal(4u, _card.GetFeature(6, select: 3).Result);
        _card.W32(0x14, 0);
        _card.Settle();
        _card.Enable();
        Assert.Equal((1u, 7u, 343u), (_card.GetFeature(6).Result, _card.GetFeature(1).Result, _card.GetFeature(4).Result));
    }

    [Fact]
    public void The_timestamp_goes_on_from_what_it_was_set_to()
    {
        _card.Enable();
        BinaryPrimitives.WriteUInt64LittleEndian(_card.Memory[(int)MiniNvmeDriver.Data..], 1000);
        Assert.Equal(0, _card.SetFeature(0x0E, 0).Status);
        _card.Bus.Time.Advance(5_000_000);
        Assert.Equal(0, _card.GetFeature(0x0E).Status);
        Assert.Equal(1005ul, BinaryPrimitives.ReadUInt64LittleEndian(_card.Memory[(int)MiniNvmeDriver.Data..]) & 0xFFFF_FFFF_FFFF);
    }

    [Theory]
    [InlineData(0x03, 0u, 0x002)]
    [InlineData(0x0C, 0u, 0x002)]
    [InlineData(0xFF, 0u, 0x002)]
    [InlineData(0x02, 1u, 0x002)]
    [InlineData(0x04, 3u << 20, 0x002)]
    [InlineData(0x09, 64u, 0x002)]
    public void Features_there_are_not_are_refused(int feature, uint value, int status)
    {
        _card.Enable();
        Assert.Equal(status, _card.SetFeature(feature, value).Status);
        Assert.Equal(0x10D, _card.SetFeature(6, 1, extra: 1u << 31).Status);
    }

    [Fact]
    public void Log_pages_tell_errors_health_firmware_and_commands()
    {
        _card.Open();
        Assert.Equal(0x001, _card.Io(0x7F, cid: 0x1234).Status);
        var errors = _card.Log(1, 128);
        Assert.Equal((1ul, 1, 0x1234), (BinaryPrimitives.ReadUInt64LittleEndian(errors), BinaryPrimitives.ReadUInt16LittleEndian(errors[8..]), BinaryPrimitives.ReadUInt16LittleEndian(errors[10..])));
        _card.Io(0x01, blocks: 8);
        _card.Io(0x02, blocks: 8);
        var health = _card.Log(2, 512);
        Assert.Equal((1ul, 1ul, 1ul, 1ul), (Health(health, 32), Health(health, 48), Health(health, 64), Health(health, 80)));
        Assert.Equal(1ul, Health(health, 176));
        Assert.Equal("1.0", Encoding.ASCII.GetString(_card.Log(3, 512).Slice(8, 3)));
        var commands = _card.Log(5, 4096);
        Assert.Equal((1, 3, 0), (commands[4 * 6], commands[1024 + 4], commands[1024 + 4 * 0x7F]));
        Assert.Equal((byte)'1', _card.Log(3, 4, offset: 8)[0]);
        Assert.Equal(0x109, _card.Admin(0x02, dword10: 0x70).Status);
        Assert.Equal(0x002, _card.Admin(0x02, dword10: 0x02, dword12: 516).Status);
        Assert.Equal(0x002, _card.Admin(0x02, dword10: 0xFFFF_0002, dword11: 0xFFFF).Status);

        static ulong Health(ReadOnlySpan<byte> page, int at) => BinaryPrimitives.ReadUInt64LittleEndian(page[at..]);
    }

    [Fact]
    public void A_pulled_plug_counts_as_an_unsafe_shutdown_and_a_reset_forgets_the_queues()
    {
        _card.Open();
        _card.Slot.Reset();
        _card.Slot.WriteConfig(4, [0x06, 0x00]);
        Assert.Equal(0u, _card.Csts | _card.R32(0x14));
        _card.Open();
        Assert.Equal(1, _card.Log(2, 512)[144]);
    }

    [Fact]
    public void It_interrupts_by_its_pin_where_there_are_no_messages_and_the_mask_holds_it_back()
    {
        _card.Enable();
        Assert.False(_card.Bus.Intx);
        _card.Put(0, 0x06, 1, dword10: 1);
        _card.Doorbell(0);
        _card.Settle();
        Assert.True(_card.Bus.Intx);
        _card.W32(0x0C, 1);
        Assert.Equal((false, 1u), (_card.Bus.Intx, _card.R32(0x10)));
        _card.W32(0x10, 1);
        Assert.Equal((true, 0u), (_card.Bus.Intx, _card.R32(0x0C)));
        _card.Take(0);
        Assert.False(_card.Bus.Intx);
    }

    [Fact]
    public void Each_batch_of_completions_gets_a_message_of_its_queues_vector_even_while_others_wait()
    {
        _card.WithMsix().Open();
        var before = _card.Bus.Interrupts[1];
        for (var i = 1; i <= 3; i++)
        {
            _card.PutIo(0x02, cid: i);
            _card.Doorbell(1);
            _card.Settle();
            Assert.Equal(before + i, _card.Bus.Interrupts[1]);
        }
        Assert.False(_card.Bus.Intx);
    }

    [Fact]
    public void A_queue_without_interrupts_sends_none()
    {
        _card.WithMsix().Enable();
        _card.CreateCq(1, 16, flags: 1);
        _card.CreateSq(1, 16, cq: 1);
        Assert.Equal(0, _card.Io(0x02).Status);
        Assert.Equal(0, _card.Bus.Interrupts[1]);
    }

    [Fact]
    public void Impossible_controllers_cannot_be_made()
    {
        Assert.Throws<ArgumentException>(() => new Nvme([]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Nvme(ioQueues: 65));
        Assert.Throws<ArgumentException>(() => new Nvme(serial: "more than twenty characters"));
        Assert.Throws<ArgumentException>(() => new NvmeNamespace(1000));
        Assert.Throws<ArgumentException>(() => new NvmeNamespace(4096, blockSize: 1024));
        Assert.Throws<ArgumentException>(() => new NvmeNamespace(8192, media: new MemoryMedia(4096)));
    }
}
