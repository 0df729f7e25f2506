using System.Runtime.InteropServices;

namespace Understudy.Devices;

/// <summary>A completion record, little-endian, 32 bytes (include/uapi/linux/idxd.h: struct dsa_completion_record).</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
struct DsaCompletion
{
    public const int Bytes = 32;
    const byte FaultWasWrite = 0x80;

    public byte StatusByte;
    public byte Result;
    public byte FaultInformation;
    public byte Reserved;
    public uint Completed;
    public ulong FaultAddress;
    public ulong Value;
    public ulong MoreValues;

    public DsaStatus Status
    {
        readonly get => (DsaStatus)(StatusByte & 0x7F);
        set => StatusByte = (byte)value;
    }

    public readonly bool IsError => Status is not (DsaStatus.Success or DsaStatus.UnexpectedResult);

    public readonly bool WasWrite => (StatusByte & FaultWasWrite) != 0;

    public void Fault(ulong address, bool write, DsaStatus status = DsaStatus.PageFault)
        => (StatusByte, FaultAddress) = ((byte)((byte)status | (write ? FaultWasWrite : 0)), address);
}
