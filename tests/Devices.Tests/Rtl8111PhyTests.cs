namespace Understudy.Devices.Tests;

public class Rtl8111PhyTests
{
    const int Control = 0, Status = 1, Advertisement = 4, PartnerAbility = 5, GigabitControl = 9, GigabitStatus = 10, Page = 31;
    const int Complete = 0x20, Link = 0x04, LinkChange = 0x20;
    readonly MiniDriver _card = new();

    [Fact]
    public void The_identifier_is_the_one_the_Realtek_PHY_driver_matches()
    {
        Assert.Equal(0x001CC912u, (uint)_card.Mdio(2) << 16 | _card.Mdio(3));
        Assert.Equal(0x7949, _card.Mdio(Status) & 0xFFDB);
        Assert.Equal(0x3000, _card.Mdio(15));
    }

    [Fact]
    public void Without_a_cable_there_is_no_link()
    {
        _card.Settle();
        _card.Mdio(Status);
        Assert.Equal(0, _card.Mdio(Status) & (Link | Complete));
        Assert.Equal(0, _card.R8(0x6C));
    }

    [Fact]
    public void A_cable_gives_a_gigabit_link_when_negotiation_is_over_and_not_before()
    {
        _card.Slot.Do(nic => nic.CablePluggedIn = true);
        Assert.Equal(0, _card.Nic.LinkSpeed);
        _card.Settle();
        _card.Mdio(Status);
        Assert.Equal(Link | Complete, _card.Mdio(Status) & (Link | Complete));
        Assert.Equal(0x45E1, _card.Mdio(PartnerAbility));
        Assert.Equal(0x3800, _card.Mdio(GigabitStatus) & 0x3800);
        Assert.Equal(0x13, _card.R8(0x6C));
    }

    [Fact]
    public void The_link_bit_latches_a_loss_until_it_is_read()
    {
        _card.PlugIn();
        _card.Mdio(Status);
        _card.Slot.Do(nic => nic.CablePluggedIn = false);
        _card.PlugIn();
        Assert.Equal(0, _card.Mdio(Status) & Link);
        Assert.Equal(Link, _card.Mdio(Status) & Link);
    }

    [Theory]
    [InlineData(LinkPartner.FastEthernet, 0x0DE1, 0x0300, 100, 0x0B)]
    [InlineData(LinkPartner.TenMegabit, 0x0DE1, 0x0300, 10, 0x07)]
    [InlineData(LinkPartner.Gigabit, 0x0DE1, 0x0000, 100, 0x0B)]
    [InlineData(LinkPartner.Gigabit, 0x0C61, 0x0000, 10, 0x07)]
    [InlineData(LinkPartner.Gigabit, 0x0C01, 0x0000, 0, 0x00)]
    public void Negotiation_finds_the_best_that_both_ends_have(LinkPartner partner, int advertised, int gigabit, int speed, int phyStatus)
    {
        _card.Slot.Do(nic => nic.LinkPartner = partner);
        _card.Mdio(Advertisement, advertised);
        _card.Mdio(GigabitControl, gigabit);
        _card.PlugIn();
        Assert.Equal(speed, _card.Nic.LinkSpeed);
        Assert.Equal(phyStatus, _card.R8(0x6C));
    }

    [Fact]
    public void A_forced_speed_needs_no_negotiation_and_reports_none()
    {
        _card.PlugIn();
        _card.Mdio(Control, 0x2100);
        Assert.Equal(100, _card.Nic.LinkSpeed);
        Assert.Equal(0, _card.Mdio(Status) & Complete);
    }

    [Fact]
    public void Power_down_drops_the_link_and_power_up_brings_it_back()
    {
        _card.PlugIn();
        _card.Mdio(Control, 0x1940);
        Assert.Equal(0, _card.Nic.LinkSpeed);
        _card.Mdio(Control, 0x1140);
        Assert.Equal(1000, _card.Nic.LinkSpeed);
    }

    [Fact]
    public void A_PHY_reset_clears_itself_restores_defaults_and_negotiates_again()
    {
        _card.PlugIn();
        _card.Mdio(Advertisement, 0x0C01);
        _card.W32(0x60, 1u << 31 | 0x9140);
        _card.Bus.Time.Advance(1_000);
        Assert.Equal(0, _card.Nic.LinkSpeed);
        _card.W32(0x60, 0);
        _card.Bus.Time.Advance(1_000);
        Assert.Equal(0x8000u, _card.R32(0x60) & 0x8000);
        _card.Settle();
        Assert.Equal(0, _card.Mdio(Control) & 0x8000);
        Assert.Equal(0x0DE1, _card.Mdio(Advertisement));
        Assert.Equal(1000, _card.Nic.LinkSpeed);
    }

    [Fact]
    public void Every_page_has_registers_of_its_own()
    {
        _card.Mdio(0x14, 0x0020);
        _card.Mdio(Page, 2);
        Assert.Equal(2, _card.Mdio(Page));
        _card.Mdio(0, 0x88D4);
        _card.Mdio(0x14, 0x4444);
        _card.Mdio(Page, 0);
        Assert.Equal(0x1140, _card.Mdio(0));
        Assert.Equal(0x0020, _card.Mdio(0x14));
        _card.Mdio(Page, 2);
        Assert.Equal(0x88D4, _card.Mdio(0));
        Assert.Equal(0x4444, _card.Mdio(0x14));
    }

    [Fact]
    public void A_guest_that_writes_every_page_is_told_when_storage_ends()
    {
        for (var page = 1; page < 260; page++)
        {
            _card.Mdio(Page, page);
            for (var register = 0; register < 31; register++) _card.Mdio(register, 1);
        }
        Assert.Contains("phy-storage-full", _card.Checks);
    }

    [Fact]
    public void Every_change_of_the_link_interrupts_once()
    {
        _card.Open(plug: false);
        var before = _card.Interrupts;
        _card.PlugIn();
        Assert.Equal(before + 1, _card.Interrupts);
        _card.Slot.Do(nic => nic.CablePluggedIn = false);
        Assert.Equal(before + 2, _card.Interrupts);
        Assert.Equal(LinkChange, _card.R16(0x3E));
        _card.Slot.Do(nic => nic.CablePluggedIn = false);
        Assert.Equal(before + 2, _card.Interrupts);
    }

    [Fact]
    public void A_link_change_under_a_closed_mask_interrupts_when_the_mask_opens()
    {
        _card.Open(plug: false);
        _card.W16(0x3C, 0);
        var before = _card.Interrupts;
        _card.Slot.Do(nic => nic.CablePluggedIn = true);
        _card.Settle();
        Assert.Equal(before, _card.Interrupts);
        _card.W16(0x3C, 0x2F);
        Assert.Equal(before + 1, _card.Interrupts);
    }

    [Fact]
    public void A_hung_PHY_never_answers_and_a_mended_one_does()
    {
        _card.Slot.Do(nic => nic.PhyHangs = true);
        _card.W32(0x60, 2u << 16);
        _card.Settle();
        Assert.Equal(0u, _card.R32(0x60) >> 31);
        _card.Slot.Do(nic => nic.PhyHangs = false);
        Assert.Equal(0x001C, _card.Mdio(2));
    }

    [Fact]
    public void A_link_that_comes_up_in_D3_requests_a_wake_up_where_the_driver_asked_for_it()
    {
        _card.W8(0x50, 0xC0);
        _card.W8(0x54, 0x10);
        _card.W8(0x50, 0);
        _card.PowerState(3);
        Assert.False(_card.PmeStatus);
        _card.Slot.Do(nic => nic.CablePluggedIn = true);
        _card.Settle();
        Assert.True(_card.PmeStatus);
        _card.PowerState(0);
        Assert.Equal(0x10, _card.R8(0x54));
    }
}
