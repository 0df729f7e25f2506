using System.Runtime.InteropServices;

namespace Understudy.Transports.TimeTravel;

/// <summary>What a message is about (include/uapi/linux/um_timetravel.h).</summary>
enum TimeOp : uint
{
    Ack,
    Start,
    Request,
    Wait,
    Get,
    Update,
    Run,
    FreeUntil,
    GetTimeOfDay,
    Broadcast,
}

/// <summary>A message between a guest and its calendar, 16 bytes, little endian. Each is answered by an <see cref="TimeOp.Ack"/> of the
/// same number.</summary>
[StructLayout(LayoutKind.Sequential)]
readonly record struct TimeMessage(TimeOp Op, uint Number, ulong Time)
{
    public const int Bytes = 16;
}
