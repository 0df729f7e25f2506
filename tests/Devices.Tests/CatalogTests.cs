using Understudy.Pci;

namespace Understudy.Devices.Tests;

public class CatalogTests
{
    readonly MiniDriver _card = new MiniDriver().Open();

    string Do(string line)
    {
        var words = line.Split(' ');
        var order = Catalog.Find("rtl8111").Orders.Single(candidate => candidate.Name == words[0]);
        var answer = "";
        _card.Slot.Do(nic => answer = order.Act(nic, words[1..]));
        _card.Settle();
        return answer;
    }

    [Fact]
    public void Every_entry_makes_a_device_of_its_own_and_every_order_explains_itself()
    {
        Assert.Equal(Catalog.All.Count, Catalog.All.Select(entry => entry.Name).Distinct().Count());
        foreach (var entry in Catalog.All)
        {
            Assert.NotSame(entry.Create(), entry.Create());
            Assert.All(entry.Orders, order => Assert.StartsWith(order.Name, order.Usage, StringComparison.Ordinal));
            Assert.All(entry.Orders, order => Assert.NotEmpty(order.Help));
        }
        Assert.Contains("rtl8111dp", Assert.Throws<KeyNotFoundException>(() => Catalog.Find("e1000")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_cable_can_be_pulled_and_plugged_by_word()
    {
        Assert.Equal("cable out", Do("cable off"));
        Assert.Contains("link down", Do("status"), StringComparison.Ordinal);
        Assert.Equal("cable in", Do("cable on"));
        Assert.Contains("link up 1000 Mbit/s full duplex", Do("status"), StringComparison.Ordinal);
        Do("partner 100");
        Assert.Equal(100, _card.Nic.LinkSpeed);
    }

    [Fact]
    public void The_peer_takes_an_address_and_can_be_told_to_be_silent()
    {
        Assert.Contains("10.0.0.1", Do("peer 10.0.0.1"), StringComparison.Ordinal);
        Assert.Contains("silent", Do("peer silent"), StringComparison.Ordinal);
        Assert.DoesNotContain("silent", Do("peer talks"), StringComparison.Ordinal);
    }

    [Fact]
    public void Faults_can_be_ordered()
    {
        Do("overflow-rx 3");
        for (var i = 0; i < 4; i++) _card.FromWire(Frames.ToCard(100));
        Do("corrupt-rx");
        _card.FromWire(Frames.ToCard(100));
        Do("corrupt-rx fcs 2");
        for (var i = 0; i < 2; i++) _card.FromWire(Frames.ToCard(100));
        Do("fail-tx");
        _card.Send(Frames.FromCard(100));
        var counters = _card.Nic.Counters;
        Assert.Equal((3, 3u, 1ul, 1ul), (counters.RxMissed, counters.RxErrors, counters.RxPackets, counters.TxErrors));
        Do("stall-tx");
        Do("phy hang");
        Assert.True(_card.Nic.PhyHangs);
        Do("phy ok");
        Assert.False(_card.Nic.PhyHangs);
    }

    [Theory]
    [InlineData("cable", "cable on|off")]
    [InlineData("cable up", "cable on|off")]
    [InlineData("peer 10.0.0", "peer 192.0.2.1")]
    [InlineData("peer ::1", "peer 192.0.2.1")]
    [InlineData("partner 2500", "partner 1000|100|10")]
    [InlineData("corrupt-rx 0", "at least 1 frame")]
    [InlineData("corrupt-rx often", "corrupt-rx [fcs|bit|status] [FRAMES]")]
    [InlineData("overflow-rx -1", "at least 1 frame")]
    [InlineData("fail-tx twice", "fail-tx")]
    public void Wrong_words_are_told_what_would_be_right(string line, string right)
        => Assert.Contains(right, Assert.Throws<FormatException>(() => Do(line)).Message, StringComparison.Ordinal);

    [Fact]
    public void An_order_for_a_card_is_refused_by_another_device()
        => Assert.Throws<ArgumentException>(() => Catalog.Find("rtl8111").Orders[0].Act(new Nothing(), []));

    sealed class Nothing() : PciDevice(new PciIdentity(1, 2, 3));
}
