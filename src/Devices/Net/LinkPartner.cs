namespace Understudy.Devices;

/// <summary>What the other end of the cable offers in auto-negotiation: this and everything slower, both duplexes, with pause.</summary>
public enum LinkPartner
{
    /// <summary>10BASE-T.</summary>
    TenMegabit = 10,

    /// <summary>100BASE-TX.</summary>
    FastEthernet = 100,

    /// <summary>1000BASE-T.</summary>
    Gigabit = 1000,
}
