using System.Runtime.InteropServices;

namespace Understudy.Linux;

/// <summary>The system calls, as libc declares them. Everything else in this project wraps one of these.</summary>
internal static unsafe partial class Libc
{
    [LibraryImport("libc", SetLastError = true)] internal static partial int close(int fd);
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int open(string path, int flags);
    [LibraryImport("libc", SetLastError = true)] internal static partial int ioctl(FileDescriptor fd, nuint request, nint argument);
    [LibraryImport("libc", SetLastError = true)] internal static partial nint pread(FileDescriptor fd, void* buffer, nuint count, long offset);
    [LibraryImport("libc", SetLastError = true)] internal static partial nint pwrite(FileDescriptor fd, void* buffer, nuint count, long offset);
    [LibraryImport("libc", SetLastError = true)] internal static partial nint read(FileDescriptor fd, void* buffer, nuint count);
    [LibraryImport("libc", SetLastError = true)] internal static partial nint write(FileDescriptor fd, void* buffer, nuint count);
    [LibraryImport("libc", SetLastError = true)] internal static partial int fcntl(FileDescriptor fd, int command, int argument);
    [LibraryImport("libc", SetLastError = true)] internal static partial int ftruncate(FileDescriptor fd, long length);
    [LibraryImport("libc", SetLastError = true)] internal static partial int poll(PollEntry* entries, nuint count, int timeout);
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int statx(FileDescriptor directory, string path, int flags, uint mask, Statx* result);
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint readlink(string path, byte* buffer, nuint size);

    [LibraryImport("libc", SetLastError = true)] internal static partial int eventfd(uint value, int flags);
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int memfd_create(string name, uint flags);
    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint mmap(nint address, nuint length, int protection, int flags, FileDescriptor fd, long offset);
    [LibraryImport("libc", SetLastError = true)] internal static partial int munmap(nint address, nuint length);

    [LibraryImport("libc", SetLastError = true)] internal static partial int socket(int family, int type, int protocol);
    [LibraryImport("libc", SetLastError = true)] internal static partial int socketpair(int family, int type, int protocol, int* pair);
    [LibraryImport("libc", SetLastError = true)] internal static partial int bind(FileDescriptor socket, void* address, uint length);
    [LibraryImport("libc", SetLastError = true)] internal static partial int connect(FileDescriptor socket, void* address, uint length);
    [LibraryImport("libc", SetLastError = true)] internal static partial int listen(FileDescriptor socket, int backlog);
    [LibraryImport("libc", SetLastError = true)] internal static partial int accept4(FileDescriptor socket, void* address, uint* length, int flags);
    [LibraryImport("libc", SetLastError = true)] internal static partial int shutdown(FileDescriptor socket, int how);
    [LibraryImport("libc", SetLastError = true)] internal static partial nint recvmsg(FileDescriptor socket, MessageHeader* message, int flags);
    [LibraryImport("libc", SetLastError = true)] internal static partial nint sendmsg(FileDescriptor socket, MessageHeader* message, int flags);

    [LibraryImport("libc", SetLastError = true)] internal static partial int tcgetattr(int fd, byte* termios);
    [LibraryImport("libc", SetLastError = true)] internal static partial int tcsetattr(int fd, int actions, byte* termios);
    [LibraryImport("libc")] internal static partial void cfmakeraw(byte* termios);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int posix_spawn(int* id, string path, void* actions, void* attributes, nint* arguments, nint* environment);
    [LibraryImport("libc")] internal static partial int posix_spawn_file_actions_init(void* actions);
    [LibraryImport("libc")] internal static partial int posix_spawn_file_actions_destroy(void* actions);
    [LibraryImport("libc")] internal static partial int posix_spawn_file_actions_adddup2(void* actions, int from, int to);
    [LibraryImport("libc")] internal static partial int posix_spawn_file_actions_addclosefrom_np(void* actions, int from);
    [LibraryImport("libc")] internal static partial int posix_spawnattr_init(void* attributes);
    [LibraryImport("libc")] internal static partial int posix_spawnattr_destroy(void* attributes);
    [LibraryImport("libc")] internal static partial int posix_spawnattr_setflags(void* attributes, short flags);
    [LibraryImport("libc", SetLastError = true)] internal static partial int kill(int id, int signal);
    [LibraryImport("libc", SetLastError = true)] internal static partial int waitpid(int id, int* status, int options);
    [LibraryImport("libc", SetLastError = true)] private static partial int waitid(int kind, int id, void* info, int options);

    /// <summary>Waits until a child has ended, and leaves it to be reaped.</summary>
    internal static int waitid(int id)
    {
        const int byId = 1, exited = 4, leaveIt = 0x1000000;
        return waitid(byId, id, null, exited | leaveIt);
    }

    internal const int CloseOnExec = 0x80000;         // O_CLOEXEC, SOCK_CLOEXEC, EFD_CLOEXEC
    internal const int NonBlocking = 0x800;           // O_NONBLOCK, EFD_NONBLOCK

    /// <summary>Whether a call was only interrupted by a signal and must be made again.</summary>
    internal static bool Interrupted(nint result) => result < 0 && Marshal.GetLastPInvokeError() == Errno.EINTR;

    /// <summary>The result, or the errno of the failed call as an exception.</summary>
    internal static nint Check(nint result, string call, string? about = null) =>
        result >= 0 ? result : throw new LinuxException(call, Marshal.GetLastPInvokeError(), about);

    [StructLayout(LayoutKind.Sequential)]
    internal struct PollEntry { internal int Descriptor; internal short Events, Returned; }

    [StructLayout(LayoutKind.Sequential)]
    internal struct IoVector { internal void* Start; internal nuint Length; }

    /// <summary>struct msghdr of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct MessageHeader
    {
        internal void* Name;
        internal uint NameLength;
        internal IoVector* Vectors;
        internal nuint VectorCount;
        internal void* Control;
        internal nuint ControlLength;
        internal int Flags;
    }

    /// <summary>struct cmsghdr of 64-bit Linux; the data follows it, and the next one starts 8-byte aligned.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ControlHeader { internal nuint Length; internal int Level, Type; }

    /// <summary>struct statx, the same on every architecture; only what is asked for has names.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct Statx
    {
        [FieldOffset(28)] internal ushort Mode;
        [FieldOffset(32)] internal ulong Inode;
        [FieldOffset(40)] internal ulong Size;
        [FieldOffset(136)] internal uint DeviceMajor;
        [FieldOffset(140)] internal uint DeviceMinor;
    }
}
