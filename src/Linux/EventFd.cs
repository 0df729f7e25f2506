using System.Runtime.InteropServices;

namespace Understudy.Linux;

/// <summary>A counter that another process can wait on (<c>eventfd(2)</c>): how an interrupt leaves this process.</summary>
public sealed class EventFd : FileDescriptor
{
    EventFd(int descriptor) : base(descriptor) { }

    /// <summary>A new counter at zero.</summary>
    /// <exception cref="LinuxException">No descriptor left.</exception>
    public static EventFd Create() =>
        new((int)Libc.Check(Libc.eventfd(0, Libc.CloseOnExec | Libc.NonBlocking), "eventfd"));

    /// <summary>Takes over a received descriptor, or answers null when it is something else and leaves it alone. The counter
    /// is made non-blocking, so that a peer that fills it cannot stop us.</summary>
    public static EventFd? From(FileDescriptor received)
    {
        ArgumentNullException.ThrowIfNull(received);
        if (received.Target() != "anon_inode:[eventfd]") return null;
        received.SetNonBlocking();
        return new EventFd(received.Release());
    }

    /// <summary>Adds one. From any thread; a counter already full stays full, which its reader cannot tell apart.
    /// Everything this thread stored before is visible before the event.</summary>
    /// <exception cref="LinuxException">The kernel refused for another reason.</exception>
    public void Signal() => Add(1);

    /// <summary>Adds a number; as <see cref="Signal"/>.</summary>
    internal unsafe void Add(ulong number)
    {
        Interlocked.MemoryBarrier();
        nint result;
        do result = Libc.write(this, &number, sizeof(ulong)); while (Libc.Interrupted(result));
        if (result < 0 && Marshal.GetLastPInvokeError() != Errno.EAGAIN) Libc.Check(result, "write", "eventfd");
    }

    /// <summary>Takes the count and leaves zero; zero when nothing was signalled.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public unsafe ulong Take()
    {
        ulong count = 0;
        nint result;
        do result = Libc.read(this, &count, sizeof(ulong)); while (Libc.Interrupted(result));
        if (result < 0 && Marshal.GetLastPInvokeError() == Errno.EAGAIN) return 0;
        Libc.Check(result, "read", "eventfd");
        return count;
    }
}
