using Understudy.Pci;

namespace Understudy.Devices.Tests;

public class Rtl8111SteadyStateTests
{
    [Fact]
    public void A_ping_and_its_answer_allocate_nothing()
    {
        var card = new MiniDriver().Open();
        card.Queue(Frames.Echo(56, 1));
        var template = card.Options1(MiniDriver.TxRing, 0);
        for (var i = 0; i < 256; i++) card.SetDescriptor(MiniDriver.TxRing, i, template & ~MiniDriver.Own | (i == 255 ? MiniDriver.EndOfRing : 0), 0, MiniDriver.TxBuffers);
        byte[] doorbell = [0x40], all = [0xFF, 0xFF];
        void Round(int i)
        {
            card.SetOptions1(MiniDriver.TxRing, i & 255, card.Options1(MiniDriver.TxRing, i & 255) | MiniDriver.Own);
            card.Slot.Write(2, 0x38, doorbell);
            card.Settle();
            card.Slot.Write(2, 0x3E, all);
            card.SetOptions1(MiniDriver.RxRing, i & 255, MiniDriver.Own | 0x3FFF | ((i & 255) == 255 ? MiniDriver.EndOfRing : 0));
        }
        long Pass()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 1024; i++) Round(i);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
        // The runtime allocates when it compiles a method anew, whenever it likes; the model would allocate in every pass.
        Assert.Contains(0, Enumerable.Range(0, 5).Select(_ => Pass()).ToArray());
        Assert.Equal(5 * 1024, ((Peer)card.Nic.Wire).EchoAnswered);
    }

    [Fact]
    public void The_same_seed_gives_the_same_trace()
    {
        Assert.Equal(Trace(3), Trace(3));
        Assert.NotEqual(Trace(3), Trace(4));
    }

    [Fact]
    public void A_polling_driver_gets_through_on_a_paced_clock()
    {
        using var clock = new PacedClock(quiet: TimeSpan.FromHours(1));
        var card = new MiniDriver(clock: clock);
        card.W8(0x37, 0x10);
        Assert.True(Polls(() => (card.R8(0x37) & 0x10) == 0) is > 1 and < 100);
        for (var i = 0; i < 4; i++)
        {
            card.W32(0x60, 2u << 16);
            Assert.True(Polls(() => (card.R32(0x60) & MiniDriver.Own) != 0) is > 0 and < 20);
            Assert.Equal(0x1Cu, card.R32(0x60) & 0xFFFF);
        }
    }

    static int Polls(Func<bool> done)
    {
        var polls = 0;
        while (!done() && polls < 1000) polls++;
        return polls + 1;
    }

    static string Trace(int seed)
    {
        var trace = new TraceRecorder();
        var card = new MiniDriver(seed: seed, interceptors: trace).Open();
        var random = new Random(seed);
        for (var i = 0; i < 200; i++)
        {
            card.Queue(Frames.Echo(random.Next(1400), i));
            if (random.Next(3) == 0) card.Doorbell();
            card.Bus.Time.Advance(random.Next(10_000));
            while (card.TryReceive(out _, out _, out _)) card.W16(0x3E, 0xFFFF);
        }
        return trace.ToString();
    }
}
