using System.Buffers.Binary;
using Understudy.Pci;
using Understudy.Pci.Tests;

namespace Understudy.Devices.Tests;

[Collection(nameof(Allocation))]
public sealed class IoatTests
{
    const ulong Ring = 0x1000, Completion = 0x8000, Source = 0x10000, Destination = 0x40000;
    const int Channel = 0x80;
    const uint InterruptBit = 1, CompletionBit = 8, NullBit = 0x20;
    readonly LoopbackBus _bus = new();
    readonly PciSlot<Ioat> _slot;

    public IoatTests()
    {
        _slot = new PciSlot<Ioat>(_bus, new Ioat());
        _slot.WriteConfig(0x04, [0x06, 0x00]);                       // memory space, bus master
        EnableMsix();
        _slot.Write8(0, 0x03, 0x08);                                 // MSI-X, as the selftest driver has it
        for (var i = 0; i < 0x8000; i++) _bus.Memory[(int)Source + i] = (byte)(i * 7);
    }

    [Fact]
    public void It_says_what_ioatdma_and_the_selftest_look_for()
    {
        Assert.Equal(1, Read8(0x00));
        Assert.Equal(14, Read8(0x01));
        Assert.Equal(0x32, Read8(0x08));
        Assert.Equal(2u, _slot.Read16(0, Channel + 0x02));
        Assert.Equal(IoatState.Halted, State);
    }

    [Fact]
    public void A_chain_is_copied_and_its_completion_written_before_its_interrupt()
    {
        Describe(0, 300, CompletionBit | InterruptBit, Source, Destination);
        Start(Ring, 1);
        Assert.Equal(IoatState.Active, State);
        Assert.Equal(0, _bus.Interrupts[0]);
        _bus.Time.Advance(10_000);
        Assert.Equal(IoatState.Done, State);
        Assert.True(_bus.Memory.Slice((int)Destination, 300).SequenceEqual(_bus.Memory.Slice((int)Source, 300)));
        Assert.Equal(Ring | 1, BinaryPrimitives.ReadUInt64LittleEndian(_bus.Memory[(int)Completion..]));
        Assert.Equal(1, _bus.Interrupts[0]);
    }

    [Fact]
    public void A_larger_count_goes_on_from_the_next_descriptor()
    {
        for (var n = 0; n < 3; n++) Describe(n, 64, CompletionBit, Source + (ulong)n * 64, Destination + (ulong)n * 64);
        Start(Ring, 1);
        _bus.Time.Advance(10_000);
        _slot.Write16(0, Channel + 0x06, 3);
        _bus.Time.Advance(10_000);
        Assert.Equal(IoatState.Done, State);
        Assert.Equal(Ring + 0x80, Status & ~0x3FUL);
        Assert.True(_bus.Memory.Slice((int)Destination, 192).SequenceEqual(_bus.Memory.Slice((int)Source, 192)));
        Assert.Equal(3, _slot.Ask(card => card.Descriptors));
    }

    [Fact]
    public void The_count_wraps_at_sixteen_bits()
    {
        Describe(0, 8, 0, Source, Destination, next: Ring);
        Start(Ring, 0xFFFF);
        _bus.Time.Advance(100_000_000);
        Assert.Equal(IoatState.Done, State);
        _slot.Write16(0, Channel + 0x06, 2);
        _bus.Time.Advance(100_000);
        Assert.Equal(IoatState.Done, State);
        Assert.Equal(0x1_0002, _slot.Ask(card => card.Descriptors));
    }

    [Fact]
    public void A_null_descriptor_moves_nothing_and_counts()
    {
        Describe(0, 1, NullBit | CompletionBit, 0xFFFF_FFFF_0000, 0xFFFF_FFFF_0000);
        Start(Ring, 1);
        _bus.Time.Advance(10_000);
        Assert.Equal(IoatState.Done, State);
        Assert.Equal(0, _slot.Ask(card => card.BytesCopied));
    }

    [Theory]
    [InlineData(0xFFFF_FFFF_0000UL, Destination, 64, 0u, IoatError.ReadData)]
    [InlineData(Source, 0xFFFF_FFFF_0000UL, 64, 0u, IoatError.WriteData)]
    [InlineData(Source, Destination, 0, 0u, IoatError.Length)]
    [InlineData(Source, Destination, 0x4001, 0u, IoatError.Length)]
    [InlineData(Source, Destination, 64, 0x8700_0000u, IoatError.Control)]
    public void What_it_cannot_do_halts_it_with_the_error_that_says_why(ulong source, ulong destination, int size, uint control, IoatError error)
    {
        Describe(0, (uint)size, control | InterruptBit, source, destination);
        Start(Ring, 1);
        _bus.Time.Advance(10_000);
        Assert.Equal(IoatState.Halted, State);
        Assert.Equal((uint)error, _slot.Read32(0, Channel + 0x28));
        Assert.Equal(0, _bus.Interrupts[0]);
    }

    [Fact]
    public void A_misaligned_chain_is_refused()
    {
        Start(Ring + 8, 1);
        _bus.Time.Advance(10_000);
        Assert.Equal((uint)IoatError.DescriptorAlignment, _slot.Read32(0, Channel + 0x28));
    }

    [Fact]
    public void An_error_is_written_back_and_interrupts_where_the_driver_asked_for_it()
    {
        Describe(0, 64, 0, 0xFFFF_FFFF_0000, Destination);
        Start(Ring, 1, control: 0x1D);
        _bus.Time.Advance(10_000);
        Assert.Equal(Ring | 3, BinaryPrimitives.ReadUInt64LittleEndian(_bus.Memory[(int)Completion..]));
        Assert.Equal(1, _bus.Interrupts[0]);
    }

    [Fact]
    public void Clearing_the_error_and_a_new_chain_make_it_work_again()
    {
        Describe(0, 64, 0, 0xFFFF_FFFF_0000, Destination);
        Describe(1, 64, 0, Source, Destination);
        Start(Ring, 1);
        _bus.Time.Advance(10_000);
        _slot.Write16(0, Channel + 0x06, 2);
        _bus.Time.Advance(10_000);
        Assert.Equal(IoatState.Halted, State);                       // not while the error stands
        _slot.Write32(0, Channel + 0x28, 0xFFFF_FFFF);
        Start(Ring + 64, 1);
        _bus.Time.Advance(10_000);
        Assert.Equal(IoatState.Done, State);
    }

    [Fact]
    public void An_interrupt_waits_for_the_driver_to_re_arm_and_comes_once()
    {
        for (var n = 0; n < 3; n++) Describe(n, 64, InterruptBit, Source, Destination);
        Start(Ring, 3);
        _bus.Time.Advance(10_000);
        Assert.Equal(1, _bus.Interrupts[0]);
        Assert.Equal(1, (int)_slot.Read16(0, Channel) & 1);
        _slot.Write16(0, Channel, 1);
        Assert.Equal(2, _bus.Interrupts[0]);
        _slot.Write16(0, Channel, 1);
        Assert.Equal(2, _bus.Interrupts[0]);
    }

    [Fact]
    public void Without_msix_the_channel_shows_in_ATTNSTATUS_until_it_is_read()
    {
        _slot.WriteConfig(MsixControl, [0, 0]);
        _slot.Write8(0, 0x03, 0x01);
        Describe(0, 64, InterruptBit, Source, Destination);
        Start(Ring, 1);
        _bus.Time.Advance(10_000);
        Assert.True(_bus.Intx);
        Assert.Equal(0b111, Read8(0x03));
        Assert.Equal(1u, _slot.Read32(0, 0x04));
        Assert.Equal(0u, _slot.Read32(0, 0x04));
        Assert.False(_bus.Intx);
    }

    [Theory]
    [InlineData(0x04, IoatState.Suspended)]
    [InlineData(0x08, IoatState.Halted)]
    [InlineData(0x20, IoatState.Halted)]
    public void Suspend_abort_and_reset_stop_it_at_once(byte command, IoatState state)
    {
        Describe(0, 64, 0, Source, Destination, next: Ring);
        Start(Ring, 1000);
        _bus.Time.Advance(5_000);
        _slot.Write8(0, Channel + 0x04, command);
        Assert.Equal(state, State);
        Assert.Equal(0, Read8(Channel + 0x04));
        var done = _slot.Ask(card => card.Descriptors);
        _bus.Time.Advance(1_000_000);
        Assert.Equal(done, _slot.Ask(card => card.Descriptors));
        Assert.InRange(done, 1, 999);
    }

    [Fact]
    public void A_suspended_channel_goes_on_where_it_was()
    {
        Describe(0, 64, 0, Source, Destination, next: Ring);
        Start(Ring, 100);
        _bus.Time.Advance(5_000);
        _slot.Write8(0, Channel + 0x04, 0x04);
        _slot.Write8(0, Channel + 0x04, 0x10);
        _bus.Time.Advance(1_000_000);
        Assert.Equal(IoatState.Done, State);
        Assert.Equal(100, _slot.Ask(card => card.Descriptors));
    }

    [Fact]
    public void An_idle_channel_becomes_suspended_too()
    {
        Describe(0, 64, 0, Source, Destination);
        Start(Ring, 1);
        _bus.Time.Advance(10_000);
        _slot.Write8(0, Channel + 0x04, 0x04);
        Assert.Equal(IoatState.Suspended, State);
        _slot.Write8(0, Channel + 0x04, 0x20);
        _slot.Write8(0, Channel + 0x04, 0x04);
        Assert.Equal(IoatState.Halted, State);
    }

    [Fact]
    public void Nothing_starts_while_bus_mastering_is_off()
    {
        _slot.WriteConfig(0x04, [0x02, 0x00]);
        Describe(0, 64, 0, Source, Destination);
        Start(Ring, 1);
        _bus.Time.Advance(10_000);
        Assert.Equal(IoatState.Halted, State);
        Assert.Equal(0u, _slot.Read32(0, Channel + 0x28));
        _slot.WriteConfig(0x04, [0x06, 0x00]);
        _bus.Time.Advance(10_000);
        Assert.Equal(IoatState.Done, State);
    }

    [Fact]
    public void A_chain_waits_where_bus_mastering_is_switched_off_and_goes_on_with_it_unless_it_was_aborted()
    {
        Describe(0, 64, 0, Source, Destination);
        Start(Ring, 1);
        _slot.WriteConfig(0x04, [0x02, 0x00]);
        _bus.Time.Advance(10_000);
        Assert.Equal(IoatState.Active, State);
        _slot.WriteConfig(0x04, [0x06]);                             // as setpci writes a byte
        _bus.Time.Advance(10_000);
        Assert.Equal(IoatState.Done, State);
        Start(Ring, 1);
        _slot.WriteConfig(0x04, [0x02, 0x00]);
        _bus.Time.Advance(10_000);
        _slot.Write8(0, Channel + 0x04, 0x08);
        _slot.WriteConfig(0x04, [0x06, 0x00]);
        _bus.Time.Advance(10_000);
        Assert.Equal(IoatState.Halted, State);
        Assert.Empty(_slot.Findings);
    }

    [Fact]
    public void The_error_registers_in_config_space_clear_by_writing_ones()
    {
        var value = new byte[4];
        Assert.Equal(BusStatus.Ok, _slot.ReadConfig(0x148, value));
        Assert.Equal(new byte[4], value);
        _slot.WriteConfig(0x180, [0xFF, 0xFF, 0xFF, 0xFF]);
        _slot.ReadConfig(0x180, value);
        Assert.Equal(new byte[4], value);
        _slot.WriteConfig(0x184, [1, 2, 3, 4]);
        _slot.ReadConfig(0x184, value);
        Assert.Equal(new byte[] { 1, 2, 3, 4 }, value);
    }

    [Fact]
    public void A_function_level_reset_in_the_middle_leaves_it_idle_and_usable()
    {
        Describe(0, 64, 0, Source, Destination, next: Ring);
        Start(Ring, 60_000);
        _bus.Time.Advance(5_000);
        _slot.Reset();
        _bus.Time.Advance(1_000_000);
        _slot.WriteConfig(0x04, [0x06, 0x00]);
        Assert.Equal(IoatState.Halted, State);
        Assert.Equal(1, Read8(0x00));
        Start(Ring, 10);
        _bus.Time.Advance(1_000_000);
        Assert.Equal(IoatState.Done, State);
    }

    [Fact]
    public void An_injected_error_halts_it_as_a_real_one_would()
    {
        _slot.Do(card => card.FailNext(IoatError.ReadData));
        Describe(0, 64, 0, Source, Destination);
        Describe(1, 64, 0, Source, Destination);
        Start(Ring, 2);
        _bus.Time.Advance(10_000);
        Assert.Equal(IoatState.Halted, State);
        Assert.Equal((uint)IoatError.ReadData, _slot.Read32(0, Channel + 0x28));
        _slot.Write32(0, Channel + 0x28, (uint)IoatError.ReadData);
        Start(Ring, 2);
        _bus.Time.Advance(10_000);
        Assert.Equal(IoatState.Done, State);
    }

    [Fact]
    public void A_stalled_channel_stays_active_until_it_may_go()
    {
        _slot.Do(card => card.Stall(0, stalled: true));
        Describe(0, 64, 0, Source, Destination);
        Start(Ring, 1);
        _bus.Time.Advance(1_000_000);
        Assert.Equal(IoatState.Active, State);
        _slot.Do(card => card.Stall(0, stalled: false));
        _bus.Time.Advance(1_000_000);
        Assert.Equal(IoatState.Done, State);
    }

    [Fact]
    public void Copying_allocates_nothing()
    {
        Describe(0, 0x4000, CompletionBit, Source, Destination, next: Ring);
        Start(Ring, 0x100);
        _bus.Time.Advance(1_000_000);
        Assert.Equal(0, Allocation.Of(() =>
        {
            _slot.Write16(0, Channel + 0x06, 0x4000);
            _bus.Time.Advance(100_000_000);
        }));
        Assert.Equal(0x4000, _slot.Ask(card => card.Descriptors));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Whatever_is_written_it_neither_throws_nor_hangs(int seed)
    {
        var random = new Random(seed);
        var data = new byte[8];
        for (var i = 0; i < 50_000; i++)
        {
            random.NextBytes(data);
            var length = 1 << random.Next(4);
            _slot.Write(0, (ulong)(random.Next(2) == 0 ? random.Next(0x4000) & -length : Channel + random.Next(0x38) & -length), data.AsSpan(0, length));
            if (random.Next(8) == 0) _bus.Time.Advance(random.Next(5_000));
        }
        Assert.DoesNotContain(_slot.Findings, finding => finding.Check == "model-crashed");
    }

    [Fact]
    public void Orders_name_what_is_wrong()
    {
        var orders = Catalog.Find("ioat").Orders;
        var card = new Ioat();
        foreach (var (order, words) in new[] { ("fail", "teapot"), ("fail", "read 0"), ("lose-interrupt", "many"), ("stall", "7"), ("status", "please") })
            Assert.Contains("write:", Assert.Throws<FormatException>(() => orders.Single(o => o.Name == order).Act(card, words.Split(' '))).Message, StringComparison.Ordinal);
    }

    int MsixControl { get; set; }

    int Read8(ulong offset) => (int)_slot.Read(0, offset, 1);

    IoatState State => (IoatState)(Status & 7);

    ulong Status
    {
        get
        {
            Span<byte> data = stackalloc byte[8];
            _slot.Read(0, Channel + 0x08, data);
            return BinaryPrimitives.ReadUInt64LittleEndian(data);
        }
    }

    void EnableMsix()
    {
        MsixControl = _slot.Ask(card => card.Capabilities.OfType<Msix>().Single().Offset) + 2;
        _slot.WriteConfig(MsixControl, [0x00, 0x80]);
        _slot.Write32(0, 0x2000 + 12, 0);
    }

    void Start(ulong chain, ushort count, ushort control = 0x09)
    {
        _slot.Write32(0, Channel + 0x18, (uint)Completion);
        _slot.Write32(0, Channel + 0x1C, 0);
        _slot.Write32(0, Channel + 0x10, (uint)chain);
        _slot.Write32(0, Channel + 0x14, (uint)(chain >> 32));
        _slot.Write16(0, Channel, control);
        _slot.Write16(0, Channel + 0x06, count);
    }

    void Describe(int index, uint size, uint control, ulong source, ulong destination, ulong? next = null)
    {
        var at = _bus.Memory.Slice((int)Ring + index * 64, 64);
        at.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(at, size);
        BinaryPrimitives.WriteUInt32LittleEndian(at[4..], control);
        BinaryPrimitives.WriteUInt64LittleEndian(at[8..], source);
        BinaryPrimitives.WriteUInt64LittleEndian(at[16..], destination);
        BinaryPrimitives.WriteUInt64LittleEndian(at[24..], next ?? Ring + (ulong)(index + 1) * 64);
    }
}
