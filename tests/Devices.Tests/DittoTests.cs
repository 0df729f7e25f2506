using System.Runtime.InteropServices;
using Understudy.Pci;

namespace Understudy.Devices.Tests;

public sealed class DittoTests
{
    const ulong Commands = 0x1000, Completions = 0x2000, From = 0x3000, To = 0x4000;
    const uint Enable = 1, Reset = 2, Done = 1, Error = 2, Button = 4;
    readonly LoopbackBus _bus = new();
    readonly PciSlot<Ditto> _slot;

    public DittoTests()
    {
        _slot = new PciSlot<Ditto>(_bus, new Ditto());
        _slot.WriteConfig(0x04, [0x06, 0x00]);      // memory space and bus mastering
        Write64(0x18, Commands);
        Write64(0x20, Completions);
        Write(0x28, 2);
        Write(0x14, Done | Error | Button);
        Write(0x08, Enable);
    }

    [Fact]
    public void A_copy_is_made_completed_in_order_and_interrupts()
    {
        _bus.TryWriteMemory(From, "to be copied"u8);
        Give(slot: 0, From, To, length: 12, tag: 7);
        Give(slot: 1, To, To + 64, length: 12, tag: 8);
        Write(0x2C, 2);
        Assert.Equal(0u, Completion(0).Sequence);   // a doorbell completes nothing by itself
        _bus.Time.Advance(100_000);
        Assert.Equal((7u, 12u, 0u, 1u), Completion(0));
        Assert.Equal((8u, 12u, 0u, 2u), Completion(1));
        var copied = new byte[12];
        _bus.TryReadMemory(To + 64, copied);
        Assert.Equal("to be copied"u8.ToArray(), copied);
        Assert.Equal(Done, Read(0x10));
        Assert.True(_bus.Intx);
        Write(0x10, Done);
        Assert.False(_bus.Intx);
        Assert.Empty(_slot.Findings);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(64 * 1024 + 1u)]
    [InlineData(uint.MaxValue)]
    public void A_length_that_cannot_be_is_an_error_of_that_copy(uint length)
    {
        Give(slot: 0, From, To, length, tag: 0);
        Write(0x2C, 1);
        _bus.Time.Advance(100_000);
        Assert.Equal((0u, 0u, 1u, 1u), Completion(0));
        Assert.Equal(Error, Read(0x10));
    }

    [Fact]
    public void More_commands_than_the_ring_has_stop_the_card_until_a_reset()
    {
        Write(0x2C, 5);
        Assert.Equal("ditto-overrun", Assert.Single(_slot.Findings).Check);
        Assert.Equal(4u, Read(0x0C) & 4);
        Write(0x08, Enable);
        Assert.Equal(0u, Read(0x08));
        Write(0x08, Reset);
        Assert.Equal(Reset, Read(0x08));
        _bus.Time.Advance(100_000);
        Assert.Equal((0u, 1u), (Read(0x08), Read(0x0C)));
    }

    [Fact]
    public void The_button_interrupts_at_any_time_and_is_counted()
    {
        _slot.Do(card => card.Press());
        Assert.True(_bus.Intx);
        Assert.Equal((Button, 1u), (Read(0x10), Read(0x34)));
    }

    [Fact]
    public void The_label_has_its_number_with_the_highest_byte_first()
    {
        byte[] serial = new byte[4], name = new byte[18];
        _slot.Read(0, 0x30, serial);
        for (var i = 0; i < name.Length; i++) _slot.Read(0, (ulong)(0x40 + i), name.AsSpan(i, 1));
        Assert.Equal([0, 0, 0x30, 0x39], serial);
        Assert.Equal("Ditto copy engine\0"u8.ToArray(), name);
    }

    void Give(int slot, ulong from, ulong to, uint length, uint tag)
    {
        Span<ulong> command = [from, to, (ulong)tag << 32 | length, 0];
        _bus.TryWriteMemory(Commands + (ulong)slot * 32, MemoryMarshal.AsBytes(command));
    }

    (uint Tag, uint Length, uint Status, uint Sequence) Completion(int slot)
    {
        Span<uint> words = stackalloc uint[4];
        _bus.TryReadMemory(Completions + (ulong)slot * 16, MemoryMarshal.AsBytes(words));
        return (words[0], words[1], words[2], words[3]);
    }

    uint Read(ulong offset)
    {
        Span<byte> data = stackalloc byte[4];
        _slot.Read(0, offset, data);
        return MemoryMarshal.Read<uint>(data);
    }

    void Write(ulong offset, uint value) => _slot.Write(0, offset, BitConverter.GetBytes(value));

    void Write64(ulong offset, ulong value) => _slot.Write(0, offset, BitConverter.GetBytes(value));
}
