using System.Runtime.InteropServices;
using Understudy.Pci;
using Understudy.Pci.Tests;
using static Understudy.Devices.Tests.DsaRig;

namespace Understudy.Devices.Tests;

/// <summary>Descriptors, from the portal to the completion record.</summary>
[Collection(nameof(Allocation))]
public sealed class DsaTests
{
    readonly DsaRig _rig = new DsaRig().Open();

    [Fact]
    public void A_copy_arrives_then_its_record_then_its_interrupt()
    {
        _rig.Submit(Describe(DsaOperation.Move, 300, flags: Asked | RequestInterrupt, handle: 1));
        Assert.Equal(DsaStatus.None, _rig.Record().Status);
        Assert.Equal(0, _rig.Bus.Interrupts[1]);
        _rig.Settle();
        Assert.True(_rig.At(Destination, 300).SequenceEqual(_rig.At(Source, 300)));
        Assert.Equal((DsaStatus.Success, 300u), (_rig.Record().Status, _rig.Record().Completed));
        Assert.Equal((1, 0), (_rig.Bus.Interrupts[1], _rig.Bus.Interrupts[0]));
        Assert.Empty(_rig.Slot.Findings);
    }

    [Fact]
    public void The_status_byte_of_a_record_is_written_last()
    {
        var writes = new Writes();
        var slot = new PciSlot<Dsa>(_rig.Bus, new Dsa(), [writes]).Enable(6);
        slot.Write32(0, 0x2000, 16);
        slot.Write32(0, 0x2008, 1);
        slot.Write32(0, 0x200C, 16);
        slot.Write32(0, 0x1000, 1);
        slot.Write32(0, 0x1020, 1);
        foreach (var command in new uint[] { 1, 6 })
        {
            slot.Write32(0, 0xA0, command << 20);
            _rig.Settle();
        }
        var descriptor = Describe(DsaOperation.None);
        slot.Write(2, 0, MemoryMarshal.AsBytes(new ReadOnlySpan<DsaDescriptor>(in descriptor)));         // one write of 64 bytes counts as well
        _rig.Settle();
        Assert.Equal([(Records + 1, 31), (Records, 1)], writes.Seen);
    }

    [Fact]
    public void Any_slot_of_any_page_of_the_queue_takes_a_descriptor()
    {
        foreach (var at in new ulong[] { 0, 0x40, 0xFC0, 0x1000, 0x1FC0 })
        {
            _rig.At(Records, 32).Clear();
            _rig.Submit(Describe(DsaOperation.None), at);
            _rig.Settle();
            Assert.Equal(DsaStatus.Success, _rig.Record().Status);
        }
        Assert.Equal(ulong.MaxValue, _rig.Slot.Read(2, 0x40, 8));
    }

    [Fact]
    public void Two_slots_may_be_filled_side_by_side()
    {
        var (one, two) = (Describe(DsaOperation.None, record: 0), Describe(DsaOperation.None, record: 1));
        for (var i = 0; i < 64; i++)
        {
            _rig.Slot.Write(2, (ulong)i, MemoryMarshal.AsBytes(new ReadOnlySpan<DsaDescriptor>(in one)).Slice(i, 1));
            _rig.Slot.Write(2, (ulong)(0x80 + i), MemoryMarshal.AsBytes(new ReadOnlySpan<DsaDescriptor>(in two)).Slice(i, 1));
        }
        _rig.Settle();
        Assert.Equal((DsaStatus.Success, DsaStatus.Success), (_rig.Record(0).Status, _rig.Record(1).Status));
        Assert.Empty(_rig.Slot.Findings);
    }

    [Fact]
    public void A_descriptor_written_in_part_and_begun_again_is_a_finding()
    {
        _rig.Slot.Write(2, 0, 0x1234, 8);
        _rig.Submit(Describe(DsaOperation.None));
        _rig.Settle();
        Assert.Equal(DsaStatus.Success, _rig.Record().Status);
        Assert.Equal(["dsa-torn-descriptor"], _rig.Checks);
    }

    [Theory]
    [InlineData(0x10000, 0x60000, 65536)]
    [InlineData(0x10001, 0x60FFF, 20000)]
    [InlineData(0x10000, 0x10123, 9000)]                 // the destination begins in the source
    [InlineData(0x12345, 0x11000, 9000)]                 // and the other way round
    [InlineData(0x10000, 0x10000, 5000)]
    [InlineData(0x10FFF, 0x60001, 1)]
    public void Memory_moves_whole_at_any_alignment_and_overlap(int source, int destination, int bytes)
    {
        var expected = _rig.At((ulong)source, bytes).ToArray();
        var before = _rig.Bus.Memory[destination - 1];
        Assert.Equal(DsaStatus.Success, _rig.Run(Describe(DsaOperation.Move, (uint)bytes, (ulong)source, (ulong)destination)).Status);
        Assert.True(_rig.At((ulong)destination, bytes).SequenceEqual(expected));
        Assert.Equal(before, _rig.Bus.Memory[destination - 1]);
    }

    [Theory]
    [InlineData(64)]
    [InlineData(10_003)]
    public void A_pattern_fills_and_compares(int bytes)
    {
        const ulong pattern = 0x8877_6655_4433_2211, odd = Destination + 0xFFD;
        Assert.Equal(DsaStatus.Success, _rig.Run(Describe(DsaOperation.Fill, (uint)bytes, source: pattern, destination: odd)).Status);
        for (var i = 0; i < bytes; i++) Assert.Equal((byte)(pattern >> 8 * (i % 8)), _rig.Bus.Memory[(int)odd + i]);
        Assert.Equal(0, _rig.Bus.Memory[(int)odd + bytes]);
        var equal = _rig.Run(Describe(DsaOperation.ComparePattern, (uint)bytes, source: odd, destination: pattern));
        Assert.Equal((DsaStatus.Success, 0), (equal.Status, equal.Result));
        _rig.Bus.Memory[(int)odd + 50] ^= 1;
        var differs = _rig.Run(Describe(DsaOperation.ComparePattern, (uint)bytes, source: odd, destination: pattern));
        Assert.Equal((DsaStatus.Success, 1, 50u), (differs.Status, differs.Result, differs.Completed));
    }

    [Fact]
    public void A_compare_says_where_and_whether_that_was_expected()
    {
        _rig.At(Source, 8192).CopyTo(_rig.At(Destination, 8192));
        Assert.Equal(0, _rig.Run(Describe(DsaOperation.Compare, 8192)).Result);
        _rig.Bus.Memory[(int)Destination + 5000] ^= 1;
        var differs = _rig.Run(Describe(DsaOperation.Compare, 8192));
        Assert.Equal((DsaStatus.Success, 1, 5000u), (differs.Status, differs.Result, differs.Completed));
        Assert.Equal(DsaStatus.UnexpectedResult, _rig.Run(Describe(DsaOperation.Compare, 8192, flags: Asked | DsaDescriptor.CheckResult, operand: 0)).Status);
        Assert.Equal(DsaStatus.Success, _rig.Run(Describe(DsaOperation.Compare, 8192, flags: Asked | DsaDescriptor.CheckResult, operand: 1)).Status);
    }

    [Fact]
    public void A_dualcast_writes_both()
    {
        const ulong second = Destination + 0x8000;
        Assert.Equal(DsaStatus.Success, _rig.Run(Describe(DsaOperation.Dualcast, 5000, operand: second)).Status);
        Assert.True(_rig.At(Destination, 5000).SequenceEqual(_rig.At(Source, 5000)));
        Assert.True(_rig.At(second, 5000).SequenceEqual(_rig.At(Source, 5000)));
        Assert.Equal(DsaStatus.DualcastAddresses, _rig.Run(Describe(DsaOperation.Dualcast, 64, operand: second + 64)).Status);
        Assert.Equal(DsaStatus.Overlap, _rig.Run(Describe(DsaOperation.Dualcast, 0x2000, operand: Destination + 0x1000)).Status);
    }

    [Fact]
    public void A_crc_is_crc32c_and_goes_on_from_its_seed()
    {
        _rig.Fill(Source, "123456789"u8);
        Assert.Equal(0xE306_9283ul, _rig.Run(Describe(DsaOperation.Crc, 9)).Value);
        var first = _rig.Run(Describe(DsaOperation.Crc, 4)).Value;
        Assert.Equal(0xE306_9283ul, _rig.Run(Describe(DsaOperation.Crc, 5, source: Source + 4, operand: first)).Value);
        BitConverter.TryWriteBytes(_rig.At(0x5000, 4), (uint)first);
        var fromMemory = Describe(DsaOperation.CopyWithCrc, 5, source: Source + 4, flags: Asked | DsaDescriptor.ReadSeed) with { SeedAddress = 0x5000 };
        Assert.Equal(0xE306_9283ul, _rig.Run(fromMemory).Value);
        Assert.True(_rig.At(Destination, 5).SequenceEqual("56789"u8));
        Assert.Equal(DsaStatus.Overlap, _rig.Run(Describe(DsaOperation.CopyWithCrc, 64, destination: Source + 8)).Status);
        Assert.Equal(DsaStatus.PageFault, _rig.Run(fromMemory with { SeedAddress = Unmapped }).Status);
    }

    [Fact]
    public void A_fault_has_its_page_and_how_far_it_came_and_the_next_descriptor_runs()
    {
        var end = (ulong)_rig.Bus.Memory.Length;
        var read = _rig.Run(Describe(DsaOperation.Move, 0x4000, source: end - 0x1800));
        Assert.Equal((DsaStatus.PageFault, false, end, 0x1800u), (read.Status, read.WasWrite, read.FaultAddress, read.Completed));
        var write = _rig.Run(Describe(DsaOperation.Move, 0x4000, destination: end - 0x1800));
        Assert.Equal((DsaStatus.PageFault, true, end, 0x1800u), (write.Status, write.WasWrite, write.FaultAddress, write.Completed));
        Assert.Equal(0x83, write.StatusByte);
        Assert.Equal(DsaStatus.Success, _rig.Run(Describe(DsaOperation.Move)).Status);
        Assert.Equal(0ul, _rig.SoftwareError);
    }

    [Fact]
    public void A_fault_on_the_way_down_says_so()
    {
        var end = (ulong)_rig.Bus.Memory.Length;
        var fault = _rig.Run(Describe(DsaOperation.Move, 0x4000, source: end - 0x4000, destination: end - 0x3000));
        Assert.Equal((DsaStatus.PageFault, true, 1, 0u, end), (fault.Status, fault.WasWrite, fault.Result, fault.Completed, fault.FaultAddress));
    }

    [Theory]
    [InlineData(0x0A, 64u, Asked, DsaStatus.BadOperation)]
    [InlineData(0xFF, 64u, Asked, DsaStatus.BadOperation)]
    [InlineData(0x03, 0u, Asked, DsaStatus.Size)]
    [InlineData(0x03, 0x1_0001u, Asked, DsaStatus.Size)]
    [InlineData(0x03, 0xFFFF_FFFFu, Asked, DsaStatus.Size)]
    [InlineData(0x03, 64u, Asked | 0x2, DsaStatus.InvalidFlags)]             // block on fault
    [InlineData(0x03, 64u, Asked | 0x80_0000, DsaStatus.InvalidFlags)]
    [InlineData(0x03, 64u, Asked | 0x20, DsaStatus.InvalidFlags)]            // a result to check where there is none
    [InlineData(0x01, 1u, Asked, DsaStatus.Count)]
    [InlineData(0x01, 1025u, Asked, DsaStatus.Count)]
    [InlineData(0x01, 2u, Asked, DsaStatus.ListAlignment)]
    public void What_it_cannot_do_ends_with_the_status_that_says_why(byte operation, uint size, uint flags, DsaStatus status)
    {
        var record = _rig.Run(Describe((DsaOperation)operation, size, source: operation == 1 ? List + 8 : Source, flags: flags));
        Assert.Equal(status, record.Status);
        Assert.Equal(status == DsaStatus.InvalidFlags ? flags & ~Asked : 0ul, record.Value);
        Assert.True(_rig.At(Destination, 64).IndexOfAnyExcept((byte)0) < 0);
        Assert.Equal(DsaStatus.Success, _rig.Run(Describe(DsaOperation.Move)).Status);
    }

    [Fact]
    public void Reserved_fields_and_interrupt_handles_are_looked_at()
    {
        Assert.Equal(DsaStatus.ReservedNotZero, _rig.Run(Describe(DsaOperation.Move) with { Reserved = 1 }).Status);
        Assert.Equal(DsaStatus.ReservedNotZero, _rig.Run(Describe(DsaOperation.Move) with { Identity = 1 << 20 }).Status);
        Assert.Equal(DsaStatus.Success, _rig.Run(Describe(DsaOperation.Move) with { Identity = 1u << 31 | 0x12345 }).Status);     // a dedicated queue does not look
        foreach (var handle in new ushort[] { 0, 9, 0xFFFF })
            Assert.Equal(DsaStatus.InterruptHandle, _rig.Run(Describe(DsaOperation.Move, flags: Asked | RequestInterrupt, handle: handle)).Status);
        _rig.Submit(Describe(DsaOperation.None, flags: Asked | RequestInterrupt, handle: 1), 0x2000);                              // a page of the message storage it does not have
        _rig.Settle();
        Assert.Equal(DsaStatus.InterruptHandle, _rig.Record().Status);
    }

    [Fact]
    public void No_record_is_written_that_nobody_asked_for_unless_something_failed()
    {
        Assert.Equal(DsaStatus.None, _rig.Run(Describe(DsaOperation.Move, flags: CompletionValid)).Status);
        Assert.Equal(DsaStatus.PageFault, _rig.Run(Describe(DsaOperation.Move, source: Unmapped, flags: CompletionValid)).Status);
        Assert.Equal(0ul, _rig.SoftwareError);
    }

    [Fact]
    public void A_batch_does_what_its_list_says_and_then_completes()
    {
        for (var i = 0; i < 40; i++) _rig.PutInList(i, Describe(DsaOperation.Move, 64, Source + (ulong)i * 64, Destination + (ulong)i * 64, CompletionValid, record: 1));
        _rig.Submit(Describe(DsaOperation.Batch, 40, source: List, flags: Asked | RequestInterrupt, handle: 2));
        _rig.Settle();
        Assert.Equal((DsaStatus.Success, 40u), (_rig.Record().Status, _rig.Record().Completed));
        Assert.True(_rig.At(Destination, 40 * 64).SequenceEqual(_rig.At(Source, 40 * 64)));
        Assert.Equal((1, DsaStatus.None), (_rig.Bus.Interrupts[2], _rig.Record(1).Status));
    }

    [Fact]
    public void A_batch_goes_on_after_a_failure_until_a_fence()
    {
        _rig.PutInList(0, Describe(DsaOperation.Move, record: 1));
        _rig.PutInList(1, Describe(DsaOperation.Move, source: Unmapped, record: 2));
        _rig.PutInList(2, Describe(DsaOperation.Batch, 2, source: List, record: 3));           // no batch in a batch
        _rig.PutInList(3, Describe(DsaOperation.Drain, record: 4));
        _rig.PutInList(4, Describe(DsaOperation.Move, record: 5));
        _rig.PutInList(5, Describe(DsaOperation.Move, flags: Asked | DsaDescriptor.Fence, record: 6));
        var batch = _rig.Run(Describe(DsaOperation.Batch, 6, source: List));
        Assert.Equal((DsaStatus.BatchFailed, 5u), (batch.Status, batch.Completed));
        Assert.Equal([DsaStatus.Success, DsaStatus.PageFault, DsaStatus.BadOperation, DsaStatus.BadOperation, DsaStatus.Success, DsaStatus.None],
            Enumerable.Range(1, 6).Select(n => _rig.Record(n).Status));
    }

    [Fact]
    public void A_list_that_cannot_be_read_ends_the_batch_where_it_is()
    {
        var end = (ulong)_rig.Bus.Memory.Length;
        var nop = Describe(DsaOperation.None, flags: CompletionValid);
        for (var i = 1; i <= 3; i++) MemoryMarshal.Write(_rig.Bus.Memory[((int)end - i * 64)..], nop);
        var batch = _rig.Run(Describe(DsaOperation.Batch, 8, source: end - 192));
        Assert.Equal((DsaStatus.BatchPageFault, 3u, end), (batch.Status, batch.Completed, batch.FaultAddress));
    }

    [Fact]
    public void A_drain_waits_for_those_before_it()
    {
        var rig = new DsaRig();
        rig.Queue(0);
        rig.Group(0, 1, 0b11);                                           // two engines: they would overtake each other
        rig.Command(1);
        rig.Command(6);
        rig.Submit(Describe(DsaOperation.Move, 65536, record: 0));
        rig.Submit(Describe(DsaOperation.Drain, record: 1));
        rig.Submit(Describe(DsaOperation.None, record: 2));
        rig.Settle(500);
        Assert.Equal([DsaStatus.None, DsaStatus.None, DsaStatus.None], Enumerable.Range(0, 3).Select(n => rig.Record(n).Status));
        rig.Settle();
        Assert.Equal([DsaStatus.Success, DsaStatus.Success, DsaStatus.Success], Enumerable.Range(0, 3).Select(n => rig.Record(n).Status));
    }

    [Fact]
    public void Engines_of_a_group_work_side_by_side_and_others_leave_its_queues_alone()
    {
        var rig = new DsaRig();
        rig.Queue(0);
        rig.Queue(1);
        rig.Group(0, 1, 0b0011);
        rig.Group(1, 2, 0b0100);
        rig.Command(1);
        rig.Command(6, 0);
        rig.Command(6, 1);
        rig.Slot.Do(card => { for (var n = 0; n < 2; n++) card.Stall(n, stalled: true); });
        rig.Submit(Describe(DsaOperation.None, record: 0));
        rig.Submit(Describe(DsaOperation.None, record: 1), 0x4000);
        rig.Settle();
        Assert.Equal((DsaStatus.None, DsaStatus.Success), (rig.Record(0).Status, rig.Record(1).Status));
        rig.Slot.Do(card => card.Stall(1, stalled: false));
        rig.Settle();
        Assert.Equal(DsaStatus.Success, rig.Record(0).Status);
    }

    [Fact]
    public void No_queue_of_a_group_starves()
    {
        var rig = new DsaRig();
        rig.Queue(0, size: 64, mode: 0xF1);
        rig.Queue(1, size: 64, mode: 0x11);
        rig.Group(0, 0b11, 1);
        rig.Command(1);
        rig.Command(6, 0);
        rig.Command(6, 1);
        rig.Slot.Do(card => card.Stall(0, stalled: true));
        for (var n = 0; n < 60; n++) rig.Submit(Describe(DsaOperation.None, record: 2));
        rig.Submit(Describe(DsaOperation.None, record: 3), 0x4000);
        rig.Slot.Do(card => card.Stall(0, stalled: false));
        rig.Settle(20 * (Dsa.NanosecondsPerDescriptor + 1));
        Assert.Equal(DsaStatus.Success, rig.Record(3).Status);
        Assert.NotEqual(0u, rig.Occupancy(0));
    }

    [Fact]
    public void Copying_allocates_nothing()
    {
        for (var i = 0; i < 32; i++) _rig.PutInList(i, Describe(DsaOperation.Move, 4096, flags: CompletionValid));
        var batch = Describe(DsaOperation.Batch, 32, source: List, flags: Asked | RequestInterrupt, handle: 1);
        void Round()
        {
            for (var i = 0; i < 100; i++)
            {
                _rig.Submit(batch);
                _rig.Bus.Time.Advance(20_000);
            }
        }
        Round();
        var before = _rig.Slot.Ask(card => card.Descriptors);
        Assert.Equal(0, Allocation.Of(Round));
        Assert.Equal(before + 3300, _rig.Slot.Ask(card => card.Descriptors));
    }

    sealed class Writes : BusInterceptor
    {
        public List<(ulong Address, int Bytes)> Seen { get; } = [];

        public override void Handle(ref BusTransaction transaction, BusPath next)
        {
            if (transaction.Op == BusOp.DmaWrite) Seen.Add((transaction.Address, transaction.Length));
            next.Send(ref transaction);
        }
    }
}
