namespace Understudy.Devices;

/// <summary>What the driver asks to be sent: the four words of the read FIFOs.</summary>
readonly record struct TxDescriptor(uint Flags, uint Size, uint IndexAndAddress, uint AddressHigh)
{
    public byte FirstUser => (byte)(Flags >> 24);

    public byte LastUser => (byte)(Flags >> 16);

    public byte Dest => (byte)(Flags >> 8);

    public int Channel => (int)(Flags >> 4 & 15);

    public bool Continues => (Flags & 8) != 0;

    public uint Index => IndexAndAddress & 0x0FFF_FFFF;

    public ulong Address => (ulong)AddressHigh << 8 | IndexAndAddress >> 24 & 0xF0;
}
