using System.Runtime.InteropServices;

namespace Understudy.Devices;

/// <summary>The 64 bytes of the tally counter dump (r8169_main.c: the first fields of struct rtl8169_counters).</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public record struct TallyCounters
{
    /// <summary>Frames sent without error.</summary>
    public ulong TxPackets;
    /// <summary>Frames received without error.</summary>
    public ulong RxPackets;
    /// <summary>Frames that could not be sent.</summary>
    public ulong TxErrors;
    /// <summary>Frames received with an error.</summary>
    public uint RxErrors;
    /// <summary>Frames lost for want of FIFO space or descriptors.</summary>
    public ushort RxMissed;
    /// <summary>Alignment errors.</summary>
    public ushort AlignErrors;
    /// <summary>Frames sent after one collision.</summary>
    public uint TxOneCollision;
    /// <summary>Frames sent after several collisions.</summary>
    public uint TxMultiCollision;
    /// <summary>Good frames to this station.</summary>
    public ulong RxUnicast;
    /// <summary>Good broadcast frames.</summary>
    public ulong RxBroadcast;
    /// <summary>Good multicast frames.</summary>
    public uint RxMulticast;
    /// <summary>Frames given up.</summary>
    public ushort TxAborted;
    /// <summary>Frames whose data came too late.</summary>
    public ushort TxUnderrun;
}
