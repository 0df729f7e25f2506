namespace Understudy.Devices;

/// <summary>A transmit or receive descriptor in machine memory, little-endian, 16 bytes (r8169_main.c: struct TxDesc, enum rtl_desc_bit,
/// rtl_tx_desc_bit_1 and rtl_rx_desc_bit).</summary>
struct Descriptor
{
    public const int Size = 16;
    public const int MostInRing = 1024;
    public const uint Own = 1u << 31, EndOfRing = 1u << 30, FirstSegment = 1u << 29, LastSegment = 1u << 28;

    public const uint TxLargeSendV4 = 1u << 26, TxLargeSendV6 = 1u << 25;
    public const uint TxUdpChecksum = 1u << 31, TxTcpChecksum = 1u << 30, TxIpv4Checksum = 1u << 29, TxIpv6Checksum = 1u << 28, TxVlanTag = 1u << 17;

    public const uint RxMulticast = 1u << 27, RxPhysical = 1u << 26, RxBroadcast = 1u << 25;
    public const uint RxWatchdog = 1u << 22, RxError = 1u << 21, RxCrcError = 1u << 19;
    public const uint RxProtocolTcp = 1u << 17, RxProtocolUdp = 1u << 18, RxProtocolIp = RxProtocolTcp | RxProtocolUdp;
    public const uint RxIpFailed = 1u << 16, RxUdpFailed = 1u << 15, RxTcpFailed = 1u << 14;
    public const uint RxVlanTag = 1u << 16, RxIpv4 = 1u << 30, RxIpv6 = 1u << 31;
    public const uint RxLengthMask = 0x3FFF, TxLengthMask = 0xFFFF;

    public uint Options1;
    public uint Options2;
    public ulong Address;

    /// <summary>Bytes of a receive buffer.</summary>
    public readonly int RxLength => (int)(Options1 & RxLengthMask);

    /// <summary>Bytes of a transmit segment; Linux makes them longer than 14 bits can say.</summary>
    public readonly int TxLength => (int)(Options1 & TxLengthMask);

    public readonly bool Is(uint bit) => (Options1 & bit) != 0;
}
