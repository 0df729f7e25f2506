namespace Understudy.Devices;

/// <summary>A buffer the driver gives for receiving: the two words of the write FIFOs.</summary>
readonly record struct FreeBuffer(uint IndexAndAddress, uint AddressHigh)
{
    public uint Index => IndexAndAddress & 0x0FFF_FFFF;

    public ulong Address => (ulong)AddressHigh << 8 | IndexAndAddress >> 24 & 0xF0;
}
