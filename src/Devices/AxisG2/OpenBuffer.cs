namespace Understudy.Devices;

/// <summary>A buffer that a destination's frame is being written to.</summary>
struct OpenBuffer
{
    public bool IsOpen, Drops, Overflows, Continues;
    public byte Id, FirstUser, LastUser;
    public uint Index, Left, Filled, Response;
    public ulong Address;
}
