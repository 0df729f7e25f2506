namespace Understudy.Devices;

/// <summary>Which member of the family the card says it is, in the hardware version bits of TxConfig (the driver's XID).</summary>
public enum Rtl8111Chip
{
    /// <summary>RTL8168C, XID 3c0: the plainest chip that every driver version here runs with MSI. Jumbo frames to 6 KiB (MTU 6122).</summary>
    Rtl8168C = 0x3C0,

    /// <summary>RTL8168DP, XID 28b: jumbo frames to 9 KiB (MTU 9194) without firmware. Its DASH management reads as disabled.</summary>
    Rtl8168Dp = 0x28B,
}
