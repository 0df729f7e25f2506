using Understudy.Transports.VhostUserPci;

namespace Understudy.Transports.Tests;

public sealed class WatchRuleTests
{
    static readonly TimeSpan Asked = Micro(50), Near = Micro(20), Far = Micro(10_000);

    [Fact]
    public void Kicks_close_to_each_other_begin_a_watch_and_a_distant_one_begins_the_count_anew()
    {
        var rule = new WatchRule(Asked);
        Assert.All(Enumerable.Range(1, WatchRule.Enough - 1), _ => Assert.False(rule.Kicked(Near)));
        Assert.False(rule.Kicked(Far));
        Assert.All(Enumerable.Range(1, WatchRule.Enough - 1), _ => Assert.False(rule.Kicked(Near)));
        Assert.True(rule.Kicked(Near));
    }

    [Fact]
    public void A_watch_that_paid_begins_anew_with_the_next_kick_and_one_that_did_not_has_to_be_earned()
    {
        var rule = Watching();
        rule.Watched(carried: WatchRule.Enough, paused: true);
        Assert.True(rule.Kicked(Far));
        rule.Watched(carried: WatchRule.Enough - 1, paused: true);
        Assert.False(rule.Kicked(Near));
        Assert.False(rule.Kicked(Far));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(WatchRule.Enough)]
    public void A_watch_that_the_guest_cut_short_tells_nothing(int carriedBefore)
    {
        var rule = Watching();
        rule.Watched(carriedBefore, paused: false);
        Assert.True(rule.Kicked(Near));
        rule.Watched(carried: 0, paused: false);
        Assert.True(rule.Kicked(Near));
    }

    [Theory]
    [InlineData(5, 50)]         // less than was asked for
    [InlineData(30, 150)]
    [InlineData(90, 450)]
    [InlineData(3000, 500)]     // a host that slow, or a guest that sleeps between its first accesses
    public void What_is_close_is_learned_from_what_a_kick_costs_on_this_host(int kick, int close)
    {
        var rule = new WatchRule(Asked);
        for (var i = 0; i < WatchRule.Learned; i++)
        {
            Assert.Equal(Asked, rule.Close);
            rule.Kicked(i % 4 == 3 ? Far : Micro(kick));
        }
        Assert.Equal(Micro(close), rule.Close);
        for (var i = 0; i < WatchRule.Learned; i++) rule.Kicked(Far);
        Assert.Equal(Micro(close), rule.Close);
    }

    static WatchRule Watching()
    {
        var rule = new WatchRule(Asked);
        while (!rule.Kicked(Near)) { }
        return rule;
    }

    static TimeSpan Micro(int count) => TimeSpan.FromMicroseconds(count);
}
