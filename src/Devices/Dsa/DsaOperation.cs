namespace Understudy.Devices;

/// <summary>Operation codes of descriptors (include/uapi/linux/idxd.h: enum dsa_opcode), those that <see cref="Dsa"/> has.</summary>
enum DsaOperation : byte
{
    None = 0x00,
    Batch = 0x01,
    Drain = 0x02,
    Move = 0x03,
    Fill = 0x04,
    Compare = 0x05,
    ComparePattern = 0x06,
    Dualcast = 0x09,
    Crc = 0x10,
    CopyWithCrc = 0x11,
    CacheFlush = 0x20,
}
