using System.Numerics;
using System.Runtime.InteropServices;

namespace Understudy.Linux;

/// <summary>An open file descriptor, closed when disposed and never used after.</summary>
public class FileDescriptor : SafeHandle
{
    const int GetStatusFlags = 3, SetStatusFlags = 4, AddSeals = 1033, GetSeals = 1034;
    const int EmptyPath = 0x1000;
    const uint BasicStats = 0x7ff;
    const int FileTypeMask = 0xF000, RegularFile = 0x8000;
    const int SealShrink = 2;

    /// <summary>Takes over a raw descriptor: from now on it is closed here.</summary>
    internal FileDescriptor(int descriptor) : base(-1, ownsHandle: true) => SetHandle(descriptor);

    /// <inheritdoc/>
    public override bool IsInvalid => handle == -1;

    /// <summary>The number, for messages and for <c>/proc/self/fd</c>.</summary>
    public int Number => (int)handle;

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Libc.close((int)handle) == 0;

    /// <summary>What is behind the descriptor now (<c>statx(2)</c>).</summary>
    /// <exception cref="LinuxException">The kernel would not tell.</exception>
    public unsafe FileFacts Facts()
    {
        Libc.Statx facts;
        Libc.Check(Libc.statx(this, "", EmptyPath, BasicStats, &facts), "statx");
        return new((ulong)facts.DeviceMajor << 32 | facts.DeviceMinor, facts.Inode, facts.Size,
            (facts.Mode & FileTypeMask) == RegularFile);
    }

    /// <summary>Whether the file can never become shorter (<c>F_SEAL_SHRINK</c>), so that a mapping of it cannot fault.</summary>
    public bool IsSealedAgainstShrinking => Libc.fcntl(this, GetSeals, 0) is >= 0 and var seals && (seals & SealShrink) != 0;

    /// <summary>Seals a memfd: from now on nobody can make it shorter.</summary>
    /// <exception cref="LinuxException">Not a memfd, or sealed against further seals.</exception>
    public void SealAgainstShrinking() => Libc.Check(Libc.fcntl(this, AddSeals, SealShrink), "fcntl", "F_ADD_SEALS");

    /// <summary>Opens a file that exists, for reading and writing: a device node, mostly (<c>open(2)</c>).</summary>
    /// <exception cref="LinuxException">It is not there, or may not be opened.</exception>
    public static FileDescriptor Open(string path)
    {
        const int readWrite = 2;
        return new FileDescriptor((int)Libc.Check(Libc.open(path, readWrite | Libc.CloseOnExec), "open", path));
    }

    /// <summary>Reads at an offset (<c>pread(2)</c>).</summary>
    /// <returns>How many bytes there were, at most as many as asked for.</returns>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public unsafe int ReadAt(long offset, Span<byte> destination)
    {
        nint result;
        fixed (byte* to = destination)
            do result = Libc.pread(this, to, (nuint)destination.Length, offset); while (Libc.Interrupted(result));
        return (int)Libc.Check(result, "pread");
    }

    /// <summary>Writes at an offset (<c>pwrite(2)</c>).</summary>
    /// <returns>How many bytes were taken.</returns>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public unsafe int WriteAt(long offset, ReadOnlySpan<byte> source)
    {
        nint result;
        fixed (byte* from = source)
            do result = Libc.pwrite(this, from, (nuint)source.Length, offset); while (Libc.Interrupted(result));
        return (int)Libc.Check(result, "pwrite");
    }

    /// <summary>A file without a name that lives in memory and may be sealed (<c>memfd_create(2)</c>).</summary>
    /// <param name="name">Shown in <c>/proc/self/fd</c> only.</param>
    /// <param name="length">Its length in bytes; it reads as zeros.</param>
    /// <param name="pageSize">Bytes of a page: 0 for the machine's own, or those of a huge page the kernel has (2 MiB, 1 GiB).</param>
    /// <exception cref="LinuxException">No memory or no descriptor left, or no pages of that size.</exception>
    public static FileDescriptor CreateMemory(string name, long length, long pageSize = 0)
    {
        const uint closeOnExec = 1, allowSealing = 2, hugePages = 4;
        const int hugePageShift = 26;
        var pages = pageSize == 0 ? 0 : hugePages | (uint)BitOperations.Log2((ulong)pageSize) << hugePageShift;
        var file = new FileDescriptor((int)Libc.Check(Libc.memfd_create(name, closeOnExec | allowSealing | pages), "memfd_create"));
        try
        {
            file.SetLength(length);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Makes the file this long (<c>ftruncate(2)</c>).</summary>
    /// <exception cref="LinuxException">Not a file that can be cut, or sealed against it.</exception>
    public void SetLength(long length) => Libc.Check(Libc.ftruncate(this, length), "ftruncate", $"to {length} bytes");

    /// <summary>Waits until a read would not block (<c>poll(2)</c>).</summary>
    /// <param name="timeout">How long; <see cref="Timeout.InfiniteTimeSpan"/> waits for ever.</param>
    /// <returns>False when the time went by first.</returns>
    public bool WaitReadable(TimeSpan timeout) => Wait(events: 1, timeout);

    /// <summary>Waits until a write would not block (<c>poll(2)</c>).</summary>
    /// <param name="timeout">How long; <see cref="Timeout.InfiniteTimeSpan"/> waits for ever.</param>
    /// <returns>False when the time went by first.</returns>
    public bool WaitWritable(TimeSpan timeout) => Wait(events: 4, timeout);

    /// <summary>Waits until a read from one of them would not block (<c>poll(2)</c>).</summary>
    /// <param name="from">Whom to wait for; at most 32.</param>
    /// <param name="timeout">How long; <see cref="Timeout.InfiniteTimeSpan"/> waits for ever.</param>
    /// <returns>A bit for each that is ready, the first the lowest; none when the time went by first, or a signal came.</returns>
    public static unsafe uint WaitAnyReadable(ReadOnlySpan<FileDescriptor> from, TimeSpan timeout)
    {
        const short readable = 1;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(from.Length, 32);
        var entries = stackalloc Libc.PollEntry[from.Length];
        Span<bool> held = stackalloc bool[from.Length];
        held.Clear();
        try
        {
            for (var i = 0; i < from.Length; i++)
            {
                from[i].DangerousAddRef(ref held[i]);
                entries[i] = new() { Descriptor = from[i].Number, Events = readable };
            }
            var left = timeout < TimeSpan.Zero ? -1 : (int)Math.Min(Math.Ceiling(timeout.TotalMilliseconds), int.MaxValue);
            nint result = Libc.poll(entries, (nuint)from.Length, left);
            if (Libc.Interrupted(result) || Libc.Check(result, "poll") == 0) return 0;
            uint ready = 0;
            for (var i = 0; i < from.Length; i++)
                if (entries[i].Returned != 0) ready |= 1u << i;
            return ready;
        }
        finally
        {
            for (var i = 0; i < from.Length; i++)
                if (held[i]) from[i].DangerousRelease();
        }
    }

    unsafe bool Wait(short events, TimeSpan timeout)
    {
        var held = false;
        try
        {
            DangerousAddRef(ref held);
            var entry = new Libc.PollEntry { Descriptor = Number, Events = events };
            var deadline = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
            nint result;
            do
            {
                var left = timeout < TimeSpan.Zero ? -1 : (int)Math.Clamp(deadline - Environment.TickCount64, 0, int.MaxValue);
                result = Libc.poll(&entry, 1, left);
            }
            while (Libc.Interrupted(result));
            return Libc.Check(result, "poll") > 0;
        }
        finally
        {
            if (held) DangerousRelease();
        }
    }

    /// <summary>Where <c>/proc/self/fd</c> points: <c>anon_inode:[eventfd]</c>, a path.</summary>
    internal unsafe string Target()
    {
        var buffer = stackalloc byte[256];
        var length = Libc.Check(Libc.readlink($"/proc/self/fd/{Number}", buffer, 256), "readlink", $"/proc/self/fd/{Number}");
        return Marshal.PtrToStringUTF8((nint)buffer, (int)length);
    }

    internal void SetNonBlocking()
    {
        var flags = (int)Libc.Check(Libc.fcntl(this, GetStatusFlags, 0), "fcntl", "F_GETFL");
        Libc.Check(Libc.fcntl(this, SetStatusFlags, flags | Libc.NonBlocking), "fcntl", "F_SETFL");
    }

    /// <summary>Hands the raw descriptor to another owner; this object then owns nothing.</summary>
    internal int Release()
    {
        var descriptor = Number;
        SetHandleAsInvalid();
        return descriptor;
    }
}
