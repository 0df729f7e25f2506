using System.Text;
using Understudy.Pci;

namespace Understudy.Devices.Tests;

public class Uart16550Tests
{
    readonly LoopbackBus _bus = new();
    readonly PciSlot<Uart16550> _slot;
    readonly byte[] _byte = new byte[1];
    readonly StringBuilder _line = new();

    public Uart16550Tests()
    {
        var uart = new Uart16550();
        uart.CharacterSent += character => _line.Append((char)character);
        _slot = new PciSlot<Uart16550>(_bus, uart);
        _slot.WriteConfig(4, [0x03, 0x00]);
        Open();
    }

    // As the driver: 115200 baud, 8N1, FIFOs with a trigger of 8, RTS, DTR and OUT2.
    void Open(int divisor = 1)
    {
        Write(3, 0x83);
        Write(0, (byte)divisor);
        Write(1, (byte)(divisor >> 8));
        Write(3, 0x03);
        Write(2, 0x87);
        Write(4, 0x0B);
    }

    byte Read(int offset)
    {
        _slot.Read(0, (ulong)offset, _byte);
        return _byte[0];
    }

    void Write(int offset, int value)
    {
        _byte[0] = (byte)value;
        _slot.Write(0, (ulong)offset, _byte);
    }

    void Settle() => _bus.Time.RunUntilIdle();

    [Fact]
    public void The_driver_finds_a_16550A()
    {
        Write(1, 0x0F);
        Assert.Equal(0x0F, Read(1));
        Write(1, 0xF0);
        Assert.Equal(0x00, Read(1));
        Write(2, 0x01);
        Assert.Equal(0xC1, Read(2));
        Write(2, 0x00);
        Assert.Equal(0x01, Read(2));
        Write(7, 0x5A);
        Assert.Equal(0x5A, Read(7));
        Write(4, 0x1A);
        Assert.Equal(0x90, Read(6) & 0xF0);     // looped: RTS and OUT2 come back as CTS and DCD
        Assert.Equal(0x60, Read(5));
        Assert.Empty(_slot.Findings);
    }

    [Fact]
    public void Characters_leave_at_the_speed_of_the_line()
    {
        Open(divisor: 12);      // 9600 baud: 1,041,666 ns a character
        Assert.Equal(9600, _slot.Ask(uart => uart.Baud));
        Write(0, 'a');
        Write(0, 'b');
        Assert.Equal(0x00, Read(5) & 0x60);
        _bus.Time.Advance(1_041_000);
        Assert.Equal("", _line.ToString());
        _bus.Time.Advance(1_000);
        Assert.Equal("ab", _line.ToString());
        Assert.Equal(0x20, Read(5) & 0x60);
        _bus.Time.Advance(1_042_000);
        Assert.Equal(0x60, Read(5) & 0x60);
    }

    [Fact]
    public void An_empty_transmitter_interrupts_once_until_it_is_asked_and_whenever_that_is_enabled_anew()
    {
        Write(1, 2);
        Assert.True(_bus.Intx);
        Assert.Equal((0xC2, 0xC1), (Read(2), Read(2)));
        Assert.False(_bus.Intx);
        Write(1, 0);
        Write(1, 2);
        Assert.Equal(0xC2, Read(2));
        Write(0, 'x');
        Assert.Equal(0xC1, Read(2));
        Settle();
        Assert.Equal(0xC2, Read(2));
    }

    [Fact]
    public void Received_characters_interrupt_at_the_trigger_and_fewer_after_a_while()
    {
        Write(1, 1);
        _slot.Do(uart => uart.Receive("0123456789"u8));
        _bus.Time.Advance(86_806);
        Assert.Equal((true, 0xC4), (_bus.Intx, Read(2)));
        for (var i = 0; i < 8; i++) Assert.Equal('0' + i, Read(0));
        Assert.False(_bus.Intx);
        Settle();
        Assert.Equal(0xCC, Read(2));
        Assert.Equal(('8', '9', 0x60), ((char)Read(0), (char)Read(0), (int)Read(5)));
        Assert.Equal(0xC1, Read(2));
        Assert.Equal(0, Read(0));
    }

    [Theory]
    [InlineData(LineFault.Parity, 0x85)]
    [InlineData(LineFault.Framing, 0x89)]
    [InlineData(LineFault.Break, 0x99)]
    public void A_damaged_character_is_told_when_it_is_the_next_to_be_read(LineFault fault, int status)
    {
        Write(1, 5);
        _slot.Do(uart => uart.Receive("a"u8));
        _slot.Do(uart => uart.ReceiveDamaged(fault, (byte)'x'));
        _bus.Time.Advance(86_806);
        Assert.Equal(0x81, Read(5) & 0x9F);
        Assert.Equal((byte)'a', Read(0));
        Assert.Equal(0xC6, Read(2));
        Assert.Equal(status, Read(5) & 0x9F);
        Assert.Equal(0x01, Read(5) & 0x9F);
        Assert.Equal(fault == LineFault.Break ? 0 : 'x', Read(0));
    }

    [Fact]
    public void An_ordered_overrun_loses_one_before_the_character_that_comes()
    {
        _slot.Do(uart => uart.ReceiveDamaged(LineFault.Overrun, (byte)'x'));
        Settle();
        Assert.Equal((0x03, 0x01, 'x'), (Read(5) & 0x1F, Read(5) & 0x1F, (char)Read(0)));
        Assert.Equal(1, _slot.Ask(uart => uart.Overruns));
    }

    [Fact]
    public void Nobody_is_overrun_unless_that_is_ordered()
    {
        var text = Encoding.ASCII.GetBytes(new string('x', 100));
        _slot.Do(uart => uart.Receive(text));
        Settle();
        Assert.Equal(0, _slot.Ask(uart => uart.Overruns));
        var got = 0;
        while ((Read(5) & 1) != 0)
        {
            Read(0);
            got++;
            Settle();
        }
        Assert.Equal(100, got);
        _slot.Do(uart => uart.FarEndWaits = false);
        _slot.Do(uart => uart.Receive(text));
        Settle();
        Assert.Equal(84, _slot.Ask(uart => uart.Overruns));
        Assert.Equal(0x03, Read(5) & 0x1F);
    }

    [Fact]
    public void Request_to_send_holds_the_other_end_back_and_clear_to_send_interrupts()
    {
        Write(4, 0x09);
        _slot.Do(uart => uart.Receive("a"u8));
        Settle();
        Assert.Equal(0, Read(5) & 1);
        Write(4, 0x0B);
        Settle();
        Assert.Equal((byte)'a', Read(0));
        Write(1, 8);
        _slot.Do(uart => uart.ClearToSend = false);
        Assert.Equal((true, 0xC0, 0xA1), (_bus.Intx, Read(2), Read(6)));
        Assert.Equal((false, 0xA0), (_bus.Intx, Read(6)));
    }

    [Fact]
    public void An_echo_comes_back_whole_by_memory_and_message_too()
    {
        var bus = new LoopbackBus();
        var slot = new PciSlot<Uart16550>(bus, new Uart16550(BarKind.Memory32));
        slot.WriteConfig(4, [0x06, 0x00]);
        slot.WriteConfig(0x4A, BitConverter.GetBytes((ushort)0x81));
        slot.Do(uart => uart.Echo = true);
        void W(int offset, int value) => slot.Write(0, (ulong)offset, [(byte)value]);
        W(2, 0x87);
        W(4, 0x0B);
        W(1, 1);
        var back = new List<byte>();
        var data = new byte[1];
        for (var i = 0; i < 256; i++)
        {
            W(0, i);
            if (i % 16 != 15) continue;
            bus.Time.RunUntilIdle();
            while (true)
            {
                slot.Read(0, 5, data);
                if ((data[0] & 1) == 0) break;
                slot.Read(0, 0, data);
                back.Add(data[0]);
                bus.Time.RunUntilIdle();
            }
        }
        Assert.Equal(Enumerable.Range(0, 256).Select(i => (byte)i), back);
        Assert.Equal(0x2905_8C73u, slot.Ask(uart => uart.SentCrc));     // of the bytes 0 to 255
        Assert.True(bus.Interrupts[0] >= 16);
        Assert.Empty(slot.Findings);
    }

    [Fact]
    public void A_stuck_transmitter_keeps_what_it_has_until_it_is_well()
    {
        _slot.Do(uart => uart.TransmitterStuck = true);
        Write(0, 'a');
        Settle();
        Assert.Equal(0, Read(5) & 0x60);
        _slot.Do(uart => uart.TransmitterStuck = false);
        Settle();
        Assert.Equal("a", _line.ToString());
        for (var i = 0; i < 17; i++) Write(0, 'b');
        Assert.Equal("transmit-overrun", Assert.Single(_slot.Findings).Check);
    }

    [Fact]
    public void A_break_is_counted_when_it_ends()
    {
        Write(3, 0x43);
        Assert.Equal(0, _slot.Ask(uart => uart.BreaksSent));
        Write(3, 0x03);
        Assert.Equal(1, _slot.Ask(uart => uart.BreaksSent));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Random_accesses_never_crash_or_hang_it(int seed)
    {
        var random = new Random(seed);
        var data = new byte[8];
        for (var i = 0; i < 100_000; i++)
        {
            random.NextBytes(data);
            var width = 1 << random.Next(random.Next(4) == 0 ? 4 : 1);
            _slot.Write(0, (ulong)random.Next(8), data.AsSpan(0, width));
            _slot.Read(0, (ulong)random.Next(8), data.AsSpan(0, width));
            if (i % 3 == 0) _bus.Time.Advance(random.Next(1_000_000));
            if (i % 50 == 0) _slot.Do(uart => uart.Receive(data));
            if (i % 70 == 0) _slot.Do(uart => uart.ReceiveDamaged((LineFault)random.Next(4)));
            if (i % 90 == 0) _slot.Do(uart => (uart.Echo, uart.FarEndWaits, uart.ClearToSend, uart.TransmitterStuck) = (i % 4 < 2, i % 8 < 4, i % 2 == 0, i % 16 == 0));
            if (i % 20 == 0) Open();
            if (i % 5000 != 0) continue;
            _slot.Reset();
            _slot.WriteConfig(4, [0x03, 0x00]);
            Open();
        }
        Assert.DoesNotContain(_slot.Findings, finding => finding.Check == "model-crashed");
        Assert.InRange(_slot.Ask(uart => Math.Min(uart.Sent, uart.Received)), 100, long.MaxValue);
    }

    [Fact]
    public void Sending_and_receiving_allocate_nothing()
    {
        _slot.Do(uart => uart.Echo = true);
        Write(1, 3);
        void Round(int i)
        {
            Write(0, i);
            _bus.Time.RunUntilIdle();
            Read(2);
            Read(5);
            Read(0);
        }
        long Pass()
        {
            _line.Clear();
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 1024; i++) Round(i);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
        // The runtime allocates when it compiles a method anew, whenever it likes; the model would allocate in every pass.
        Assert.Contains(0, Enumerable.Range(0, 5).Select(_ => Pass()).ToArray());
        Assert.Equal(5 * 1024, _slot.Ask(uart => uart.Received));
    }

    [Theory]
    [InlineData("status", "115200 baud, 8 bits, RTS on, CTS on")]
    [InlineData("echo on", "echo on")]
    [InlineData("cts off", "CTS off")]
    [InlineData("dcd off", "DCD off")]
    [InlineData("say hello there", "12 characters")]
    [InlineData("damage parity", "Parity")]
    [InlineData("transmitter stuck", "nothing leaves")]
    [InlineData("waits off", "does not wait")]
    public void It_takes_orders(string line, string answer) => Assert.StartsWith(answer, Do(line), StringComparison.Ordinal);

    [Theory]
    [InlineData("echo", "echo on|off")]
    [InlineData("say", "say WORDS...")]
    [InlineData("damage hull", "damage parity|framing|break|overrun")]
    [InlineData("transmitter off", "transmitter stuck|ok")]
    public void Wrong_words_are_told_what_would_be_right(string line, string right)
        => Assert.Contains(right, Assert.Throws<FormatException>(() => Do(line)).Message, StringComparison.Ordinal);

    string Do(string line)
    {
        var words = line.Split(' ');
        var order = Catalog.Find("uart16550").Orders.Single(candidate => candidate.Name == words[0]);
        var answer = "";
        _slot.Do(uart => answer = order.Act(uart, words[1..]));
        return answer;
    }
}
