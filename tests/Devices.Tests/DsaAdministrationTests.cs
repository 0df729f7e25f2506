using Understudy.Pci.Tests;
using static Understudy.Devices.Tests.DsaRig;

namespace Understudy.Devices.Tests;

/// <summary>Capabilities, commands, configuration, errors that no record tells, faults and orders.</summary>
public sealed class DsaAdministrationTests
{
    const int EnableDevice = 1, DisableDevice = 2, DrainAll = 3, AbortAll = 4, ResetDevice = 5, EnableQueue = 6, DisableQueue = 7, DrainQueue = 8, AbortQueue = 9, ResetQueue = 10, DrainPasid = 11, AbortPasid = 12, Request = 13, Release = 14;
    readonly DsaRig _rig = new();

    [Fact]
    public void It_says_what_idxd_and_the_selftest_look_for()
    {
        Assert.Equal(0x11FB_8086u, _rig.Slot.Config(0));
        Assert.Equal(0x0880_00u, _rig.Slot.Config(8) >> 8);
        Assert.Equal(0x100u, _rig.Slot.Read32(0, 0x00));
        Assert.Equal(0x8150_0012ul | 16 << 16, _rig.Slot.Read(0, 0x10, 8));
        Assert.Equal(0x001A_0000_0008_0080ul, _rig.Slot.Read(0, 0x20, 8));
        Assert.Equal(0x3_6004ul, _rig.Slot.Read(0, 0x30, 8));
        Assert.Equal(4ul, _rig.Slot.Read(0, 0x38, 8));
        Assert.Equal(0x3Ful, _rig.Slot.Read(0, 0x40, 8) & 0x3F);
        Assert.Equal(0x0000_0030_0020_0010ul, _rig.Slot.Read(0, 0x60, 8));
        Assert.Equal(0x1FFEu, _rig.Slot.Read32(0, 0xB0));
        Assert.Equal((DsaState.Disabled, 0ul), (_rig.State, _rig.SoftwareError));
    }

    [Fact]
    public void The_selftests_start_works()
    {
        Assert.Equal(0u, _rig.Command(ResetDevice));
        _rig.Queue(0, size: 128);
        _rig.Group(0, 1, 1);
        Assert.Equal((0u, 0u), (_rig.Command(EnableDevice), _rig.Command(EnableQueue)));
        Assert.Equal((DsaState.Enabled, 1u), (_rig.State, _rig.QueueState()));
        Assert.Equal(0, _rig.Bus.Interrupts[0]);                            // nobody asked for one
        Assert.Equal(0u, _rig.Command(ResetDevice));
        Assert.Equal((DsaState.Disabled, 0u, 0u), (_rig.State, _rig.QueueState(), _rig.Slot.Read32(0, 0x2000)));
    }

    [Fact]
    public void A_command_that_asks_for_it_interrupts_once_when_it_is_done()
    {
        _rig.Open();
        Assert.Equal(0u, _rig.Command(DrainQueue, 1, interrupt: true));
        Assert.Equal((1, 2u), (_rig.Bus.Interrupts[0], _rig.Slot.Read32(0, 0x98)));
        _rig.Slot.Write32(0, 0x98, 2);
        Assert.Equal(0u, _rig.Slot.Read32(0, 0x98));
        Assert.Equal(0u, _rig.Command(ResetDevice, interrupt: true));
        Assert.Equal((2, 2u), (_rig.Bus.Interrupts[0], _rig.Slot.Read32(0, 0x98)));       // the reset keeps INTCAUSE
    }

    [Fact]
    public void A_command_while_one_is_active_is_ignored_and_found()
    {
        _rig.Slot.Write32(0, 0xA0, EnableDevice << 20);
        _rig.Slot.Write32(0, 0xA0, ResetDevice << 20);
        _rig.Settle();
        Assert.Equal(DsaState.Enabled, _rig.State);
        Assert.Equal(["dsa-command-overrun"], _rig.Checks);
    }

    [Theory]
    [InlineData(0, 0u, 0x01u)]
    [InlineData(Request, 1u, 0x01u)]
    [InlineData(31, 0u, 0x01u)]
    [InlineData(EnableDevice, 0u, 0x10u)]
    [InlineData(EnableQueue, 8u, 0x02u)]
    [InlineData(EnableQueue, 0xF_FFFFu, 0x02u)]
    [InlineData(EnableQueue, 0u, 0x21u)]
    [InlineData(EnableQueue, 1u, 0x22u)]
    [InlineData(DisableQueue, 0x100u, 0x02u)]
    [InlineData(DrainQueue, 0x1_0001u, 0x02u)]
    [InlineData(AbortQueue, 0x8000u, 0x02u)]
    [InlineData(ResetQueue, 0xFFFFu, 0x02u)]
    public void A_command_that_makes_no_sense_says_why(int code, uint operand, uint error)
    {
        _rig.Open();
        Assert.Equal(error, _rig.Command(code, operand));
        Assert.Equal((DsaState.Enabled, 1u), (_rig.State, _rig.QueueState()));
    }

    [Theory]
    [InlineData(DisableDevice, 0x31u)]
    [InlineData(DrainAll, 0x32u)]
    [InlineData(AbortAll, 0x32u)]
    [InlineData(EnableQueue, 0x20u)]
    [InlineData(DisableQueue, 0x32u)]
    [InlineData(DrainQueue, 0x32u)]
    [InlineData(AbortQueue, 0x32u)]
    [InlineData(ResetQueue, 0x32u)]
    [InlineData(DrainPasid, 0x32u)]
    [InlineData(AbortPasid, 0x32u)]
    public void A_disabled_device_refuses(int code, uint error) => Assert.Equal(error, _rig.Command(code));

    [Fact]
    public void The_device_is_not_enabled_with_queues_or_groups_that_do_not_fit_or_without_bus_mastering()
    {
        _rig.Slot.Enable(2);
        Assert.Equal(0x12u, _rig.Command(EnableDevice));
        _rig.Slot.Enable(6);
        _rig.Queue(0, size: 100);
        _rig.Queue(1, size: 29);
        Assert.Equal(0x14u, _rig.Command(EnableDevice));
        _rig.Queue(1, size: 28);
        _rig.Group(0, 0b11, 1);
        _rig.Group(1, 0b10, 2);
        Assert.Equal(0x15u, _rig.Command(EnableDevice));
        _rig.Group(1, 0, 0x10);
        Assert.Equal(0x15u, _rig.Command(EnableDevice));
        _rig.Group(1, 0, 2);
        Assert.Equal(0u, _rig.Command(EnableDevice));
    }

    [Theory]
    [InlineData(0u, 0x11u, 16u, 10u, 0x22u)]
    [InlineData(16u, 0x10u, 16u, 10u, 0x24u)]           // shared, and this one has none
    [InlineData(16u, 0x13u, 16u, 10u, 0x25u)]           // block on fault
    [InlineData(16u, 0x1000_0011u, 16u, 10u, 0x26u)]    // PASID
    [InlineData(16u, 0x11u, 16u, 11u, 0x27u)]
    [InlineData(16u, 0x11u, 21u, 10u, 0x28u)]           // idxd's own default
    public void A_queue_is_not_enabled_beyond_what_the_device_can(uint size, uint mode, uint transferShift, uint batchShift, uint error)
    {
        _rig.Queue(0, size, mode, transferShift, batchShift);
        _rig.Group(0, 1, 1);
        _rig.Command(EnableDevice);
        Assert.Equal((error, 0u), (_rig.Command(EnableQueue), _rig.QueueState()));
    }

    [Fact]
    public void A_queue_without_engine_is_not_enabled()
    {
        _rig.Queue(0);
        _rig.Queue(1);
        _rig.Group(0, 1, 0);
        _rig.Command(EnableDevice);
        Assert.Equal((0x22u, 0x22u), (_rig.Command(EnableQueue, 0), _rig.Command(EnableQueue, 1)));
    }

    [Fact]
    public void What_is_enabled_keeps_its_configuration_and_writing_the_same_again_is_fine()
    {
        _rig.Open();
        _rig.Queue(0);
        _rig.Group(0, 1, 1);
        Assert.Empty(_rig.Slot.Findings);
        _rig.Slot.Write32(0, 0x2008, 0x71);
        _rig.Slot.Write32(0, 0x2020, 3);                                   // another queue's size
        _rig.Slot.Write(0, 0x1040, 1, 8);
        Assert.Equal((0x11u, 0u, 0u), (_rig.Slot.Read32(0, 0x2008), _rig.Slot.Read32(0, 0x2020), _rig.Slot.Read32(0, 0x1040)));
        Assert.All(_rig.Checks, check => Assert.Equal("dsa-config-locked", check));
        Assert.Equal(3, _rig.Checks.Count());
    }

    [Fact]
    public void A_descriptor_to_a_queue_that_is_off_is_a_software_error_that_interrupts_where_that_is_enabled()
    {
        _rig.Open();
        _rig.Submit(Describe(DsaOperation.None), 0x4000);
        Assert.Equal(0, _rig.Bus.Interrupts[0]);
        Assert.Equal((0x1_5009ul, 1u), (_rig.SoftwareError, _rig.Slot.Read32(0, 0x98)));
        _rig.Slot.Write32(0, 0x88, 3);
        _rig.Submit(Describe(DsaOperation.None), 0x8000);
        Assert.Equal(1, _rig.Bus.Interrupts[0]);
        Assert.Equal(0x1_500Bul, _rig.SoftwareError);                      // the first stays, and there were more
        _rig.Slot.Write(0, 0xC0, 3, 8);
        Assert.Equal(0ul, _rig.SoftwareError & 3);
        Assert.Contains("dsa-queue-disabled", _rig.Checks);
    }

    [Fact]
    public void An_error_with_no_record_to_tell_it_is_a_software_error_with_all_that_is_known()
    {
        _rig.Open();
        _rig.Submit(Describe(DsaOperation.Move, destination: Unmapped, flags: 0) with { Identity = 0x123 });
        _rig.Settle();
        Assert.Equal(0x0001_2303_0000_032Dul, _rig.SoftwareError);
        Assert.Equal(Unmapped, _rig.Slot.Read(0, 0xD0, 8));
        _rig.Slot.Write(0, 0xC0, 3, 8);
        _rig.Submit(Describe(DsaOperation.None) with { CompletionAddress = Unmapped });
        _rig.Settle();
        Assert.Equal((0x1Aul, Unmapped), (_rig.SoftwareError >> 8 & 0xFF, _rig.Slot.Read(0, 0xD0, 8)));
        _rig.Slot.Write(0, 0xC0, 3, 8);
        _rig.Submit(Describe(DsaOperation.None) with { CompletionAddress = Records + 8 });
        _rig.Settle();
        Assert.Equal(0x1Bul, _rig.SoftwareError >> 8 & 0xFF);
        _rig.Slot.Write(0, 0xC0, 3, 8);
        _rig.PutInList(0, Describe(DsaOperation.None, flags: 0));
        _rig.PutInList(1, Describe(DsaOperation.None, flags: 0x4000));
        Assert.Equal(DsaStatus.BatchFailed, _rig.Run(Describe(DsaOperation.Batch, 2, source: List)).Status);
        Assert.Equal((0x11ul, 1ul), (_rig.SoftwareError >> 8 & 0xFF, _rig.SoftwareError >> 4 & 1));
        Assert.Equal(0x4000ul << 32 | 1, _rig.Slot.Read(0, 0xC8, 8));
    }

    [Fact]
    public void A_full_dedicated_queue_loses_what_comes_and_says_so()
    {
        _rig.Open(size: 2);
        _rig.Slot.Do(card => card.Stall(0, stalled: true));
        for (var n = 0; n < 3; n++) _rig.Submit(Describe(DsaOperation.None, record: n));
        Assert.Equal(2u, _rig.Occupancy());
        Assert.Equal(0x51ul, _rig.SoftwareError >> 8 & 0xFF);
        Assert.Equal(["dsa-queue-overflow"], _rig.Checks);
        _rig.Slot.Do(card => card.Stall(0, stalled: false));
        _rig.Settle();
        Assert.Equal([DsaStatus.Success, DsaStatus.Success, DsaStatus.None], Enumerable.Range(0, 3).Select(n => _rig.Record(n).Status));
    }

    [Fact]
    public void A_shared_queue_takes_less_through_its_limited_page()
    {
        var rig = new DsaRig(new() { HasSharedQueues = true });
        rig.Queue(0, size: 4, mode: 0x10, threshold: 2);
        rig.Group(0, 1, 1);
        rig.Command(EnableDevice);
        Assert.Equal(0u, rig.Command(EnableQueue));
        rig.Slot.Do(card => card.Stall(0, stalled: true));
        for (var n = 0; n < 3; n++) rig.Submit(Describe(DsaOperation.None), 0x1000);
        Assert.Equal(2u, rig.Occupancy());
        for (var n = 0; n < 3; n++) rig.Submit(Describe(DsaOperation.None));
        Assert.Equal(4u, rig.Occupancy());
        Assert.Equal(["dsa-retry-lost"], rig.Checks);
        Assert.Equal(0ul, rig.SoftwareError);
    }

    [Fact]
    public void Draining_waits_and_aborting_does_not()
    {
        _rig.Open();
        for (var n = 0; n < 3; n++) _rig.Submit(Describe(DsaOperation.Move, 65536, record: n));
        _rig.Slot.Write32(0, 0xA0, 1u << 31 | DrainQueue << 20 | 1);
        _rig.Settle(2_000);
        Assert.Equal(1u << 31, _rig.Slot.Read32(0, 0xA8));
        _rig.Settle();
        Assert.Equal((0u, 1, DsaStatus.Success), (_rig.Slot.Read32(0, 0xA8), _rig.Bus.Interrupts[0], _rig.Record(2).Status));
        foreach (var (abort, operand) in new[] { (AbortAll, 0u), (AbortQueue, 1u), (AbortPasid, 0u) })
        {
            _rig.At(Records, 96).Clear();
            _rig.Slot.Do(card => card.Stall(0, stalled: true));
            for (var n = 0; n < 3; n++) _rig.Submit(Describe(DsaOperation.Move, 65536, record: n));
            Assert.Equal(0u, _rig.Command(abort, operand));
            Assert.Equal((0u, 1u), (_rig.Occupancy(), _rig.QueueState()));
            _rig.Slot.Do(card => card.Stall(0, stalled: false));
            _rig.Settle();
            Assert.True(_rig.At(Records, 96).IndexOfAnyExcept((byte)0) < 0);
            Assert.Equal(DsaStatus.Success, _rig.Run(Describe(DsaOperation.Move)).Status);
        }
    }

    [Fact]
    public void Aborting_one_address_space_leaves_the_others()
    {
        _rig.Open();
        _rig.Slot.Do(card => card.Stall(0, stalled: true));
        for (var n = 0; n < 4; n++) _rig.Submit(Describe(DsaOperation.None, record: n) with { Identity = (uint)n % 2 });
        Assert.Equal(0u, _rig.Command(AbortPasid, 1));
        _rig.Slot.Do(card => card.Stall(0, stalled: false));
        _rig.Settle();
        Assert.Equal([DsaStatus.Success, DsaStatus.None, DsaStatus.Success, DsaStatus.None], Enumerable.Range(0, 4).Select(n => _rig.Record(n).Status));
    }

    [Theory]
    [InlineData(DisableQueue, 1u)]
    [InlineData(DisableDevice, 0u)]
    public void Disabling_ends_what_is_there_and_takes_nothing_more(int code, uint operand)
    {
        _rig.Open();
        _rig.Submit(Describe(DsaOperation.Move, 65536));
        _rig.Slot.Write32(0, 0xA0, (uint)code << 20 | operand);
        _rig.Settle(1_100);
        Assert.Equal(code == DisableDevice ? DsaState.Draining : DsaState.Enabled, _rig.State);
        _rig.Submit(Describe(DsaOperation.None, record: 1));
        _rig.Settle();
        Assert.Equal((0u, 0u), (_rig.Slot.Read32(0, 0xA8), _rig.QueueState()));
        Assert.Equal((DsaStatus.Success, DsaStatus.None), (_rig.Record(0).Status, _rig.Record(1).Status));
        Assert.Equal(0x50ul, _rig.SoftwareError >> 8 & 0xFF);
    }

    [Fact]
    public void A_queue_that_was_reset_keeps_its_size_only_and_can_be_set_up_again()
    {
        _rig.Open();
        Assert.Equal(0u, _rig.Command(ResetQueue, 1));
        Assert.Equal((0u, 16u, 0u), (_rig.QueueState(), _rig.Slot.Read32(0, 0x2000), _rig.Slot.Read32(0, 0x2008)));
        _rig.Queue(0);
        Assert.Equal(0u, _rig.Command(EnableQueue));
        Assert.Equal(DsaStatus.Success, _rig.Run(Describe(DsaOperation.Move)).Status);
        Assert.Empty(_rig.Slot.Findings);
    }

    [Fact]
    public void Interrupt_handles_are_given_out_and_taken_back_where_it_has_them()
    {
        var rig = new DsaRig(new() { HasInterruptHandles = true });
        Assert.Equal(0x7FFEu, rig.Slot.Read32(0, 0xB0));
        rig.Open();
        var handle = rig.Command(Request, 3) >> 8;
        Assert.Equal(DsaStatus.InterruptHandle, rig.Run(Describe(DsaOperation.None, flags: Asked | RequestInterrupt, handle: 3)).Status);
        Assert.Equal(DsaStatus.Success, rig.Run(Describe(DsaOperation.None, flags: Asked | RequestInterrupt, handle: (ushort)handle)).Status);
        Assert.Equal(1, rig.Bus.Interrupts[3]);
        Assert.Equal((0x41u, 0x41u, 0x42u), (rig.Command(Request, 0), rig.Command(Request, 9), rig.Command(Request, 0x1_0001)));
        Assert.Equal((0u, 0x41u), (rig.Command(Release, handle), rig.Command(Release, handle)));
        Assert.Equal(DsaStatus.InterruptHandle, rig.Run(Describe(DsaOperation.None, flags: Asked | RequestInterrupt, handle: (ushort)handle)).Status);
    }

    [Fact]
    public void A_reset_in_the_middle_leaves_it_idle_and_usable()
    {
        foreach (var byCommand in new[] { true, false })
        {
            _rig.Open();
            _rig.At(Records, 64).Clear();
            _rig.Submit(Describe(DsaOperation.Move, 65536));
            _rig.Submit(Describe(DsaOperation.Move, 65536, record: 1));
            _rig.Settle(100);
            if (byCommand) Assert.Equal(0u, _rig.Command(ResetDevice));
            else
            {
                _rig.Slot.Write32(0, 0xA0, DrainAll << 20);
                _rig.Slot.Reset();
                _rig.Slot.Enable(6);
                _rig.EnableMsix();
            }
            _rig.Settle();
            Assert.Equal((DsaState.Disabled, 0u, DsaStatus.None), (_rig.State, _rig.Slot.Read32(0, 0xA8), _rig.Record(1).Status));
            _rig.Open();
            Assert.Equal(DsaStatus.Success, _rig.Run(Describe(DsaOperation.Move)).Status);
            _rig.Command(ResetDevice);
        }
    }

    [Fact]
    public void A_halted_device_takes_no_commands_but_the_reset_it_asks_for()
    {
        _rig.Open();
        _rig.Slot.Write32(0, 0x88, 3);
        _rig.Slot.Do(card => card.Halt());
        Assert.Equal((DsaState.Halted, 1, 0x10u), (_rig.State, _rig.Bus.Interrupts[0], _rig.Slot.Read32(0, 0x98)));
        Assert.Equal(3u, _rig.Command(EnableQueue));
        Assert.Equal(0u, _rig.Command(ResetDevice));
        Assert.Equal(DsaState.Disabled, _rig.State);
        _rig.Slot.Do(card => card.Halt(DsaReset.FunctionLevel));
        Assert.Equal(0b0111u, _rig.Slot.Read32(0, 0x90));
        Assert.Equal(3u, _rig.Command(ResetDevice));
        _rig.Slot.Reset();
        _rig.Slot.Enable(6);
        Assert.Equal(DsaState.Disabled, _rig.State);
    }

    [Fact]
    public void Injected_failures_and_losses_look_like_real_ones()
    {
        _rig.Open();
        _rig.Slot.Do(card => card.FailNext(DsaStatus.PageFault));
        var fault = _rig.Run(Describe(DsaOperation.Move));
        Assert.Equal((DsaStatus.PageFault, Source), (fault.Status, fault.FaultAddress));
        _rig.Slot.Do(card => card.FailNext(DsaStatus.HardwareError));
        Assert.Equal(DsaStatus.HardwareError, _rig.Run(Describe(DsaOperation.Move)).Status);
        Assert.Equal(DsaStatus.Success, _rig.Run(Describe(DsaOperation.Move)).Status);
        _rig.Slot.Do(card => card.LoseRecords());
        Assert.Equal(DsaStatus.None, _rig.Run(Describe(DsaOperation.Move, flags: Asked | RequestInterrupt, handle: 1)).Status);
        Assert.Equal(1, _rig.Bus.Interrupts[1]);
        _rig.Slot.Do(card => card.LoseInterrupts());
        Assert.Equal(DsaStatus.Success, _rig.Run(Describe(DsaOperation.Move, flags: Asked | RequestInterrupt, handle: 1)).Status);
        Assert.Equal(1, _rig.Bus.Interrupts[1]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Whatever_is_written_it_neither_throws_nor_hangs(int seed)
    {
        _rig.Open();
        var random = new Random(seed);
        var data = new byte[64];
        for (var i = 0; i < 50_000; i++)
        {
            random.NextBytes(data);
            var length = 1 << random.Next(4);
            var offset = random.Next(6) switch
            {
                0 => random.Next(0x1_0000),
                1 => 0x1000 + random.Next(0x100),
                2 => 0x2000 + random.Next(0x100),
                3 => 0xA0,
                _ => random.Next(0x100),
            };
            _rig.Slot.Write(0, (ulong)(offset & -length), data.AsSpan(0, length));
            if (random.Next(4) == 0)
            {
                data[7] = (byte)random.Next(0x12);                          // an operation it may have
                data[6] = data[5] = 0;
                _rig.Slot.Write(2, (ulong)(random.Next(0x800) * 64), data);
            }
            if (random.Next(8) == 0) _rig.Settle(random.Next(5_000));
            if (random.Next(500) == 0) _rig.Slot.Read(0, (ulong)random.Next(0x1_0000), 8);
            if (random.Next(1000) == 0)
            {
                _rig.Slot.Reset();
                _rig.Slot.Enable(6);
                _rig.Open();
            }
        }
        Assert.DoesNotContain(_rig.Slot.Findings, finding => finding.Check == "model-crashed");
    }

    [Fact]
    public void Orders_do_and_name_what_is_wrong()
    {
        var orders = Catalog.Find("dsa").Orders;
        var card = new Dsa();
        string Do(string order, string words) => orders.Single(o => o.Name == order).Act(card, words.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        foreach (var (order, words) in new[] { ("fail", "teapot"), ("fail", "fault 0"), ("lose-interrupt", "many"), ("lose-record", "0"), ("stall", "4"), ("status", "please"), ("halt", "now") })
            Assert.Contains("write:", Assert.Throws<FormatException>(() => Do(order, words)).Message, StringComparison.Ordinal);
        Assert.Equal("the next 2 descriptors: PageFault", Do("fail", "fault 2"));
        Assert.StartsWith("Disabled; queues off; 0 descriptors", Do("status", ""), StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Dsa(new() { TransferShift = 32 }));
    }
}
