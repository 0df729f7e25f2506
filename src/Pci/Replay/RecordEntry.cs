using System.Runtime.InteropServices;

namespace Understudy.Pci;

/// <summary>The fixed part of an entry of a recording, as it is in the file, little-endian; its payload comes behind it.</summary>
[StructLayout(LayoutKind.Sequential)]
struct RecordEntry
{
    public const int Bytes = 40;

    /// <summary>Host time since the recording began, in nanoseconds.</summary>
    public long HostNanoseconds;

    /// <summary>Device time.</summary>
    public long DeviceTime;

    public ulong Address;

    /// <summary>Bytes the transaction moves.</summary>
    public int Length;

    /// <summary>Bytes that follow.</summary>
    public int Payload;

    public RecordKind Kind;
    public BusOp Op;
    public byte Bar;
    public BusStatus Status;

    /// <summary>A machine was there and on.</summary>
    public byte IsPowered;

    byte _reserved1;
    ushort _reserved2;

    /// <summary>It says the same: all but when it happened on the host.</summary>
    public readonly bool Equals(in RecordEntry other)
        => (DeviceTime, Address, Length, Payload, Kind, Op, Bar, Status) == (other.DeviceTime, other.Address, other.Length, other.Payload, other.Kind, other.Op, other.Bar, other.Status);

    public readonly TraceEntry ToTrace(ReadOnlySpan<byte> payload)
    {
        Span<byte> first = stackalloc byte[8];
        first.Clear();
        payload[..Math.Min(payload.Length, 8)].CopyTo(first);
        return new TraceEntry(0, DeviceTime, Address, MemoryMarshal.Read<ulong>(first), Length, TraceKind.Transaction, Op, Bar, Status);
    }
}
