namespace Understudy.Devices.Tests;

public class NvmeQueueTests
{
    readonly MiniNvmeDriver _card = new MiniNvmeDriver().Open();

    [Theory]
    [InlineData(0, 16, 1, 3u, 0x101)]
    [InlineData(1, 16, 1, 3u, 0x101)]
    [InlineData(9, 16, 1, 3u, 0x101)]
    [InlineData(2, 1, 1, 3u, 0x102)]
    [InlineData(2, 1025, 1, 3u, 0x102)]
    [InlineData(2, 16, 9, 3u, 0x108)]
    [InlineData(2, 16, 1, 2u, 0x002)]
    [InlineData(2, 1024, 8, 3u, 0)]
    public void Completion_queues_that_cannot_be_are_refused(int id, int entries, int vector, uint flags, int status)
        => Assert.Equal(status, _card.CreateCq(id, entries, vector, flags).Status);

    [Theory]
    [InlineData(0, 16, 1, 1u, 0x101)]
    [InlineData(1, 16, 1, 1u, 0x101)]
    [InlineData(9, 16, 1, 1u, 0x101)]
    [InlineData(2, 1, 1, 1u, 0x102)]
    [InlineData(2, 1025, 1, 1u, 0x102)]
    [InlineData(2, 16, 0, 1u, 0x101)]
    [InlineData(2, 16, 2, 1u, 0x100)]
    [InlineData(2, 16, 1, 0u, 0x002)]
    [InlineData(2, 64, 1, 1u, 0)]
    public void Submission_queues_that_cannot_be_are_refused(int id, int entries, int cq, uint flags, int status)
        => Assert.Equal(status, _card.CreateSq(id, entries, cq, flags).Status);

    [Fact]
    public void Queues_begin_a_page_and_need_the_entry_sizes_set()
    {
        Assert.Equal(0x013, _card.CreateCq(2, 16, address: 0x2_0800).Status);
        Assert.Equal(0x013, _card.CreateSq(2, 16, cq: 1, address: 0x2_0800).Status);
        _card.W32(0x14, 0x0000_0001);
        Assert.Equal(0x102, _card.CreateCq(2, 16).Status);
        _card.W32(0x14, 0x0046_0001);
        Assert.Equal(0, _card.CreateCq(2, 16).Status);
        Assert.DoesNotContain("configuration-while-enabled", _card.Checks);
    }

    [Fact]
    public void Queues_are_deleted_submission_before_completion()
    {
        Assert.Equal(0x10C, _card.Admin(0x04, dword10: 1).Status);
        Assert.Equal(0x101, _card.Admin(0x04, dword10: 0).Status);
        Assert.Equal(0x101, _card.Admin(0x00, dword10: 0).Status);
        Assert.Equal(0x101, _card.Admin(0x00, dword10: 5).Status);
        Assert.Equal(0, _card.Admin(0x00, dword10: 1).Status);
        Assert.Equal(0, _card.Admin(0x04, dword10: 1).Status);
        Assert.Equal(0x101, _card.Admin(0x04, dword10: 1).Status);
    }

    [Fact]
    public void Deleting_a_queue_ends_what_is_outstanding_in_it()
    {
        _card.Slot.Do(nvme => nvme.HoldNext(2));
        for (var i = 0; i < 3; i++) _card.PutIo(0x02, cid: i);
        _card.Doorbell(1);
        _card.Settle();
        Assert.Equal(2, _card.Take(1).CommandId);
        Assert.Equal(0, _card.Admin(0x00, dword10: 1).Status);
        Assert.Equal((0x008, 0x008), (_card.Take(1).Status, _card.Take(1).Status));
    }

    [Fact]
    public void A_thousand_commands_come_back_in_order_over_and_over()
    {
        var next = 0;
        for (var sent = 0; sent < 1000;)
        {
            for (var i = 0; i < 63 && sent < 1000; i++) _card.PutIo(0x02, block: sent % 100, cid: sent++);
            _card.Doorbell(1);
            _card.Settle();
            while (_card.TryTake(1, out var answer)) Assert.Equal((0, next++, 1), (answer.Status, answer.CommandId, answer.SqId));
        }
        Assert.Equal(1000, next);
        Assert.Empty(_card.Checks);
    }

    [Fact]
    public void Nothing_is_fetched_whose_completion_would_find_no_room()
    {
        Assert.Equal(0, _card.CreateCq(2, 4, vector: 2).Status);
        Assert.Equal(0, _card.CreateSq(2, 16, cq: 2).Status);
        for (var i = 0; i < 10; i++) _card.Put(2, 0x00, cid: i, nsid: 1);
        _card.Doorbell(2);
        _card.Settle();
        var head = 0;
        for (var i = 0; i < 10; i++)
        {
            var at = (int)MiniNvmeDriver.Queues + 0x1_C000 + head * 16;
            Assert.Equal(i, _card.Memory[at + 12]);
            head = (head + 1) % 4;
            _card.W32(0x1004 + 16, (uint)head);
            _card.Settle();
        }
        Assert.Equal(10, _card.Nvme.Flushes);
        Assert.Empty(_card.Checks);
    }

    [Theory]
    [InlineData(0x1000 + 8 * 3, 1u, "doorbell-queue", 0x0001_0000u)]
    [InlineData(0x1004 + 8 * 3, 1u, "doorbell-queue", 0x0001_0000u)]
    [InlineData(0x1000 + 8 * 64, 1u, "doorbell-queue", 0x0001_0000u)]
    [InlineData(0x1008, 64u, "doorbell-value", 0x0001_0100u)]
    [InlineData(0x1008, 0u, "doorbell-value", 0x0001_0100u)]
    [InlineData(0x100C, 64u, "doorbell-value", 0x0001_0100u)]
    [InlineData(0x100C, 3u, "doorbell-value", 0x0001_0100u)]
    public void A_doorbell_that_cannot_be_is_an_error_event(int doorbell, uint value, string check, uint told)
    {
        _card.Put(0, 0x0C, cid: 0x99);
        _card.Doorbell(0);
        _card.W32(doorbell, value);
        _card.Settle();
        var answer = _card.Take(0);
        Assert.Equal((0x99, 0, told), (answer.CommandId, answer.Status, answer.Result));
        Assert.Equal([check], _card.Checks);
        Assert.Equal(0, _card.Io(0x02).Status);
    }

    [Fact]
    public void An_event_of_a_type_is_told_once_until_its_log_is_read()
    {
        for (var cid = 1; cid <= 3; cid++) _card.Put(0, 0x0C, cid);
        _card.Doorbell(0);
        _card.W32(0x1000 + 8 * 3, 1);
        _card.W32(0x1008, 99);
        _card.Settle();
        Assert.Equal(0x0001_0000u, _card.Take(0).Result);
        Assert.False(_card.TryTake(0, out _));
        _card.Log(1, 64, retain: true);
        Assert.False(_card.TryTake(0, out _));
        _card.Log(1, 64);
        Assert.Equal(0x0001_0100u, _card.Take(0).Result);
    }

    [Fact]
    public void More_event_requests_than_it_keeps_are_refused_and_one_can_be_aborted()
    {
        for (var cid = 1; cid <= 4; cid++) _card.Put(0, 0x0C, cid);
        Assert.Equal(0x105, _card.Admin(0x0C, cid: 5).Status);
        _card.Put(0, 0x08, cid: 6, dword10: 2 << 16);
        _card.Doorbell(0);
        _card.Settle();
        var aborted = _card.Take(0);
        Assert.Equal((2, 0x007), (aborted.CommandId, aborted.Status));
        Assert.Equal((6, 0u), (_card.Take(0).CommandId, 0u));
    }

    [Fact]
    public void Abort_says_whether_it_came_in_time()
    {
        _card.Slot.Do(nvme => nvme.HoldNext());
        _card.PutIo(0x01, cid: 0x42);
        _card.Doorbell(1);
        _card.Settle();
        Assert.Equal(1u, _card.Admin(0x08, dword10: 0x43 << 16 | 1).Result);
        Assert.Equal(0u, _card.Admin(0x08, dword10: 0x42 << 16 | 1).Result);
        var answer = _card.Take(1);
        Assert.Equal((0x42, 0x007, false), (answer.CommandId, answer.Status, answer.DoNotRetry));
        Assert.Equal(1u, _card.Admin(0x08, dword10: 0x42 << 16 | 1).Result);
    }

    [Fact]
    public void Two_outstanding_commands_of_one_identifier_are_found()
    {
        _card.Slot.Do(nvme => nvme.HoldNext());
        _card.PutIo(0x02, cid: 5);
        _card.PutIo(0x02, cid: 5);
        _card.Doorbell(1);
        _card.Settle();
        Assert.Equal(0x003, _card.Take(1).Status);
        Assert.Equal(["command-id-conflict"], _card.Checks);
    }

    [Fact]
    public void Queues_in_memory_that_is_not_there_are_fatal()
    {
        Assert.Equal(0, _card.CreateCq(2, 16, address: 1UL << 40).Status);
        Assert.Equal(0, _card.CreateSq(2, 16, cq: 1, address: 1UL << 41).Status);
        _card.W32(0x1000 + 16, 1);
        _card.Settle();
        Assert.Equal(3u, _card.Csts);
        Assert.Equal(["dma-unmapped", "controller-fatal"], _card.Checks);
    }

    [Fact]
    public void A_hung_admin_queue_leaves_io_alone_and_ends_with_a_reset()
    {
        _card.Slot.Do(nvme => nvme.AdminHangs = true);
        _card.Put(0, 0x06, 1, dword10: 1);
        _card.Doorbell(0);
        _card.Settle();
        Assert.False(_card.TryTake(0, out _));
        Assert.Equal(0, _card.Io(0x02).Status);
        _card.Slot.Do(nvme => nvme.AdminHangs = false);
        _card.Settle();
        Assert.Equal(1, _card.Take(0).CommandId);
    }

    [Fact]
    public void A_lost_completion_is_carried_out_and_never_told()
    {
        "kept"u8.CopyTo(_card.Memory[(int)MiniNvmeDriver.Data..]);
        _card.Slot.Do(nvme => nvme.LoseNextCompletion());
        _card.PutIo(0x01, block: 3, cid: 1);
        _card.Doorbell(1);
        _card.Settle();
        Assert.False(_card.TryTake(1, out _));
        Assert.Equal(0, _card.Io(0x02, block: 3).Status);
        Assert.Equal("kept"u8, _card.Memory.Slice((int)MiniNvmeDriver.Data, 4));
    }

    [Fact]
    public void Completions_come_twice_for_others_in_the_wrong_phase_late_or_with_any_status_on_order()
    {
        _card.Slot.Do(nvme => nvme.DuplicateNextCompletion());
        Assert.Equal((9, 9), (_card.Io(0x02).CommandId, _card.Take(1).CommandId));
        _card.Slot.Do(nvme => nvme.NextCompletionForWrongCommand());
        Assert.Equal(0xFFFF - 9, _card.Io(0x02).CommandId);
        _card.Slot.Do(nvme => nvme.FailNext(NvmeStatus.WriteFault, 2));
        Assert.Equal((0x280, true), (_card.Io(0x01).Status, _card.Io(0x01).DoNotRetry));
        _card.Slot.Do(nvme => nvme.DelayNext(1_000_000));
        _card.PutIo(0x02, cid: 1);
        _card.PutIo(0x02, cid: 2);
        _card.Doorbell(1);
        _card.Bus.Time.Advance(900_000);
        Assert.Equal(2, _card.Take(1).CommandId);
        Assert.False(_card.TryTake(1, out _));
        _card.Bus.Time.Advance(200_000);
        Assert.Equal(1, _card.Take(1).CommandId);
        _card.Slot.Do(nvme => nvme.NextCompletionInWrongPhase());
        _card.PutIo(0x02);
        _card.Doorbell(1);
        _card.Settle();
        Assert.False(_card.TryTake(1, out _));
        Assert.Empty(_card.Checks);
    }

    [Fact]
    public void A_namespace_that_changes_is_told_where_the_driver_asked_for_it()
    {
        _card.Slot.Do(nvme => nvme.Resize(1, 4 << 20));
        _card.Put(0, 0x0C, cid: 0x77);
        Assert.Equal(0, _card.SetFeature(0x0B, 0x100).Status);
        _card.Slot.Do(nvme => nvme.Resize(1, 16 << 20));
        _card.Settle();
        Assert.Equal(0x0004_0002u, _card.Take(0).Result);
        Assert.Equal(1, _card.Log(4, 4096)[0]);
        Assert.Equal(0, _card.Log(4, 4096)[0]);
        _card.Slot.Do(nvme => nvme.Attach(1, false));
        Assert.Equal(0x00B, _card.Io(0x02).Status);
        Assert.Equal(0, _card.Identify(2)[0]);
        Assert.Equal(0, _card.Identify(0, nsid: 1).IndexOfAnyExcept((byte)0) >= 25 ? 0 : 1);
        _card.Slot.Do(nvme => nvme.Attach(1, true));
        Assert.Equal(0, _card.Io(0x02, block: 32767).Status);
    }

    [Fact]
    public void Heat_is_told_where_the_driver_asked_for_it()
    {
        _card.Put(0, 0x0C, cid: 0x77);
        _card.Slot.Do(nvme => nvme.Temperature = 400);
        Assert.Equal(0, _card.SetFeature(0x0B, 2).Status);
        _card.Slot.Do(nvme => nvme.Temperature = 401);
        _card.Settle();
        Assert.Equal(0x0002_0101u, _card.Take(0).Result);
        Assert.Equal(2, _card.Log(2, 512)[0]);
    }
}
