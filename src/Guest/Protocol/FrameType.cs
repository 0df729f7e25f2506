namespace Understudy.Guest.Protocol;

/// <summary>What a frame is. The numbers are the wire's; docs/guest-protocol.md has the payloads.</summary>
enum FrameType : ushort
{
    Hello = 1, Ping, Execute, Stdin, Signal, Resize, Push, Pull, LoadModule, UnloadModule, WaitDevice, SetTime, Mount, SysRq, PowerOff,
    DeviceReply, Seed,
    Done = 64, Error, Stdout, Stderr, Exit, Data,
    Heartbeat = 96, DeviceCommand, LogRecord,
}
