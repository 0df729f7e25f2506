using System.Buffers.Binary;

namespace Understudy.Devices.Tests;

public sealed class GpuAsyncCoreTests
{
    const ulong Core = 0x2_8000, Control = Core + 0x08, RxFrames = Core + 0x10, TxFrames = Core + 0x14, CountReset = Core + 0x20, MaxSize = Core + 0x60;
    const uint WriteOn = 1u << 15, ReadOn = 1u << 31;
    const int Header = 32, Stride = 0x4_0000;

    readonly AxisG2Rig _rig = new(new AxisG2Options { GpuBuffers = 1024 }, stream: new LoopbackStream());

    [Fact]
    public void A_card_with_a_core_says_so_and_one_without_says_nothing()
    {
        Assert.Equal([1u, 1024u, 4u, 32u], [_rig.R(0x2_0428), _rig.R(Core), _rig.R(Core + 0x30), _rig.R(Core + 0x04) >> 16]);
        var without = new AxisG2Rig();
        Assert.Equal([0u, 0u, 0u], [without.R(0x2_0428), without.R(Core), without.R(Core + 0x30)]);
    }

    [Theory]
    [InlineData(12)]
    [InlineData(0x1_0000)]
    [InlineData(0x2_0000)]
    [InlineData(0x3_FFE0)]
    public void A_frame_goes_to_the_armed_buffer_behind_its_header_and_the_doorbell_has_its_true_size(int size)
    {
        var source = Prbs();
        Enable(write: 2);
        Arm(0);
        _rig.Slot.Do(_ => source.Start(1, size));
        _rig.Settle();
        Assert.Equal((uint)size, Word(Write(0) + 4));
        Assert.Equal(0x0200_0000u, Word(Write(0)));
        var expected = new byte[size];
        Devices.Prbs.Fill(expected, 0);
        Assert.True(expected.AsSpan().SequenceEqual(_rig.Bus.Memory.Slice((int)Write(0) + Header, size)));
        Assert.Equal([1u, 0u], [_rig.R(RxFrames), Word(Write(1) + 4)]);
        Assert.Empty(_rig.Checks);
    }

    [Fact]
    public void A_frame_waits_until_its_buffer_is_armed_and_buffers_follow_each_other_round()
    {
        var source = Prbs();
        Enable(write: 2);
        _rig.Slot.Do(_ => source.Start(5, 64));
        _rig.Settle();
        Assert.Equal(0u, _rig.R(RxFrames));
        foreach (var buffer in (int[])[0, 1, 0, 1, 0])
        {
            Ring(buffer);
            Arm(buffer);
            _rig.Settle();
            Assert.Equal(64u, Word(Write(buffer) + 4));
        }
        Assert.Equal(5u, _rig.R(RxFrames));
        Assert.Equal(0, _rig.Slot.Ask(_ => source.Waiting));
    }

    [Fact]
    public void A_frame_longer_than_the_maximum_is_cut_and_says_so()
    {
        var source = Prbs();
        Enable(write: 1);
        _rig.W(MaxSize, 100);
        Arm(0);
        _rig.Slot.Do(_ => source.Start(1, 200));
        _rig.Settle();
        Assert.Equal([100u, 0x0200_0004u], [Word(Write(0) + 4), Word(Write(0))]);
        Assert.Equal(1u, _rig.R(Core + 0x18));
        _rig.W(MaxSize, 0);
        Assert.Equal(1u, _rig.R(MaxSize));
    }

    [Fact]
    public void Frames_that_come_while_writing_is_disabled_are_dropped_and_counted()
    {
        var source = Prbs();
        _rig.Slot.Do(_ => source.Start(3, 64));
        _rig.Settle();
        Assert.Equal((3u, 3L, 0L), (_rig.R(RxFrames), _rig.Counters.GpuDropped, _rig.Counters.GpuRxFrames));
        _rig.W(CountReset, 1);
        Assert.Equal([0u, 0u], [_rig.R(RxFrames), _rig.R(CountReset)]);
    }

    [Fact]
    public void A_requested_buffer_is_sent_whole_and_acknowledged()
    {
        var checker = Prbs();
        Enable(read: 2);
        for (var frame = 0; frame < 4; frame++)
        {
            var at = Read(frame % 2);
            Devices.Prbs.Fill(_rig.Bus.Memory.Slice((int)at + Header, 0x2_0000), (uint)frame + 7);
            _rig.Bus.Memory.Slice((int)at, 16).Fill(0xA5);
            _rig.W(Core + 0x3000 + 4 * (ulong)(frame % 2), 0x2_0000);
            _rig.Settle();
            Assert.Equal([1u, 0u, 0u, 0u], [Word(at), Word(at + 4), Word(at + 8), Word(at + 12)]);
        }
        Assert.Equal((4u, 4L, 0L), (_rig.R(TxFrames), _rig.Slot.Ask(_ => checker.Good), _rig.Slot.Ask(_ => checker.Bad)));
        Assert.Equal(4L * 0x2_0000, _rig.Counters.GpuTxBytes);
    }

    [Fact]
    public void Looped_back_a_frame_comes_to_a_write_buffer_as_it_was_sent()
    {
        Enable(write: 1, read: 1);
        var data = AxisG2Rig.Bytes(200_000);
        data.CopyTo(_rig.Bus.Memory[((int)Read(0) + Header)..]);
        _rig.W(Core + 0x3000, (uint)data.Length);
        _rig.Settle();
        Assert.Equal(0u, _rig.R(RxFrames)); // it waits for the buffer
        Arm(0);
        _rig.Settle();
        Assert.Equal((uint)data.Length, Word(Write(0) + 4));
        Assert.True(data.AsSpan().SequenceEqual(_rig.Bus.Memory.Slice((int)Write(0) + Header, data.Length)));
        Assert.Equal([1u, 1u], [_rig.R(RxFrames), _rig.R(TxFrames)]);
    }

    [Fact]
    public void Disabled_it_begins_again_at_buffer_0_and_forgets_requests()
    {
        var source = Prbs();
        Enable(write: 2, read: 2);
        Arm(0);
        _rig.Slot.Do(_ => source.Start(1, 64));
        _rig.Settle();
        _rig.W(Core + 0x3000 + 4, 64); // buffer 1, while 0 is next
        _rig.W(Control, 0);
        Enable(write: 2, read: 2);
        _rig.W(Core + 0x3000, 64);
        Arm(0);
        _rig.Slot.Do(_ => source.Start(1, 128));
        _rig.Settle();
        Assert.Equal(128u, Word(Write(0) + 4));
        Assert.Equal(1u, _rig.R(TxFrames));
    }

    [Fact]
    public void What_a_driver_and_a_program_must_not_do_is_found()
    {
        Enable(write: 2, read: 2);
        Arm(1);
        Arm(1);
        Assert.Equal("gpu-armed-twice", _rig.Checks.Last());
        _rig.W(Core + 0x4000 + 8, 0);
        Assert.Equal("gpu-address-moved", _rig.Checks.Last());
        _rig.W(Control, 0);
        _rig.W(Core + 0x6000, 0);
        _rig.W(Core + 0x6004, 0);
        _rig.W(Control, ReadOn);
        _rig.W(Core + 0x3000, 64);
        _rig.Settle();
        Assert.Equal("null-address", _rig.Checks.Last());
        Assert.Equal([1u, 3u], [_rig.R(Core + 0x1C), _rig.R(Core + 0x28)]);
    }

    [Fact]
    public void As_SLACs_emulator_a_written_zero_takes_back_and_what_is_armed_can_be_read()
    {
        var rig = new AxisG2Rig(new AxisG2Options { GpuBuffers = 4, GpuAsEmulated = true });
        rig.W(Core + 0x2000, 1);
        Assert.Equal((1u, 1), (rig.R(Core + 0x2000), rig.Slot.Ask(card => card.GpuArmed)));
        rig.W(Core + 0x2000, 0);
        Assert.Equal((0u, 0), (rig.R(Core + 0x2000), rig.Slot.Ask(card => card.GpuArmed)));
    }

    [Fact]
    public void As_SLACs_emulator_frames_of_the_largest_size_come_of_themselves_one_for_each_buffer_that_is_armed()
    {
        var rig = new AxisG2Rig(AxisG2Options.SlacEmulator);
        rig.W(MaxSize, 64 * 1024 - 16);
        for (var i = 0u; i < 2; i++)
        {
            rig.W(Core + 0x4000 + 8 * i, (uint)Write((int)i));
            rig.W(Core + 0x2000 + 4 * i, 1);
        }
        rig.Settle();
        Assert.Equal(0u, rig.R(RxFrames));      // it is not enabled, and drops nothing
        rig.W(Control, WriteOn | 3);
        rig.Settle();
        Assert.Equal(2u, rig.R(RxFrames));
        Assert.Equal(0, rig.Slot.Ask(card => card.GpuArmed));
        foreach (var buffer in (int[])[0, 1])
        {
            var expected = new byte[64 * 1024 - 16];
            Devices.Prbs.Fill(expected, (uint)buffer);
            Assert.Equal((uint)expected.Length, BinaryPrimitives.ReadUInt32LittleEndian(rig.Bus.Memory[((int)Write(buffer) + 4)..]));
            Assert.True(expected.AsSpan().SequenceEqual(rig.Bus.Memory.Slice((int)Write(buffer) + 16, expected.Length)));
        }
        rig.W(Core + 0x2000, 1);
        rig.W(Core + 0x2004, 1);
        rig.Settle();                           // the next is the third, which is not armed
        Assert.Equal(2u, rig.R(RxFrames));
        rig.W(MaxSize, 1024);
        rig.W(Control, WriteOn | 1);
        rig.Settle();
        Assert.Equal(4u, rig.R(RxFrames));
        Assert.Equal(1024u, BinaryPrimitives.ReadUInt32LittleEndian(rig.Bus.Memory[((int)Write(0) + 4)..]));
        Assert.Empty(rig.Checks);
    }

    PrbsStream Prbs()
    {
        var stream = new PrbsStream();
        _rig.Slot.Do(card => card.GpuStream = stream);
        return stream;
    }

    static ulong Write(int buffer) => 0x40_0000 + (ulong)(buffer * Stride);

    static ulong Read(int buffer) => 0x60_0000 + (ulong)(buffer * Stride);

    void Enable(int write = 0, int read = 0)
    {
        for (var i = 0; i < write; i++)
        {
            Ring(i);
            _rig.W(Core + 0x4000 + 8 * (ulong)i, (uint)Write(i));
            _rig.W(Core + 0x4004 + 8 * (ulong)i, 0);
        }
        for (var i = 0; i < read; i++)
        {
            _rig.W(Core + 0x6000 + 8 * (ulong)i, (uint)Read(i));
            _rig.W(Core + 0x6004 + 8 * (ulong)i, 0);
        }
        _rig.W(MaxSize, Stride - Header);
        _rig.W(Control, (write > 0 ? WriteOn | (uint)(write - 1) : 0) | (read > 0 ? ReadOn | (uint)(read - 1) << 16 : 0));
    }

    void Arm(int buffer) => _rig.W(Core + 0x2000 + 4 * (ulong)buffer, 1);

    void Ring(int buffer) => _rig.Bus.Memory.Slice((int)Write(buffer), Header).Clear();

    uint Word(ulong address) => BinaryPrimitives.ReadUInt32LittleEndian(_rig.Bus.Memory[(int)address..]);
}
