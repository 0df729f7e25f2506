using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Understudy.Linux;

/// <summary>A piece of a file mapped into this process and shared with others that map it. Every access is a checked copy:
/// no pointer leaves this class. Accesses keep the order a PCI Express device's would have (base specification, 2.4):
/// writes are seen in program order, and a read does not pass an earlier write.</summary>
public sealed unsafe class SharedMapping : SafeHandle
{
    const int ProtectRead = 1, ProtectWrite = 2, MapShared = 1;

    SharedMapping(nint address, ulong length, bool writable) : base(-1, ownsHandle: true)
    {
        SetHandle(address);
        (Length, IsWritable) = (length, writable);
    }

    /// <summary>Maps <paramref name="length"/> bytes of a file from <paramref name="offset"/> on. The descriptor may be closed after.</summary>
    /// <param name="file">A file, memfd for instance, that cannot become shorter while it is mapped: an access beyond its end
    /// kills the process (SIGBUS).</param>
    /// <param name="offset">In bytes, a multiple of the page size.</param>
    /// <param name="length">In bytes; may exceed 4 GiB.</param>
    /// <param name="writable">Whether <see cref="Write"/> is allowed.</param>
    /// <exception cref="LinuxException">The kernel refused: not page aligned, not opened for this, no address space left.</exception>
    public static SharedMapping Map(FileDescriptor file, ulong offset, ulong length, bool writable)
    {
        var address = Libc.mmap(0, (nuint)length, ProtectRead | (writable ? ProtectWrite : 0), MapShared, file, (long)offset);
        if (address == -1) throw new LinuxException("mmap", Marshal.GetLastPInvokeError(), $"of {length:N0} bytes at {offset:#,0}");
        return new(address, length, writable);
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == -1;

    /// <summary>How many bytes are mapped.</summary>
    public ulong Length { get; }

    /// <summary>Whether <see cref="Write"/> is allowed.</summary>
    public bool IsWritable { get; }

    /// <summary>Where it is in this process: for handing it to the kernel, as in an argument of <see cref="Ioctl"/>. Valid while it is not
    /// disposed.</summary>
    public ulong Address => (ulong)handle;

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Libc.munmap(handle, (nuint)Length) == 0;

    /// <summary>Copies out. 2, 4 and 8 bytes at their natural alignment are read whole.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the mapping.</exception>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public void Read(ulong offset, Span<byte> destination)
    {
        CheckRange(offset, destination.Length);
        var held = false;
        try
        {
            DangerousAddRef(ref held);
            Interlocked.MemoryBarrier();
            var from = (byte*)handle + offset;
            fixed (byte* to = destination)
                switch (Whole(from, destination.Length))
                {
                    case 2: Unsafe.WriteUnaligned(to, Volatile.Read(ref *(ushort*)from)); break;
                    case 4: Unsafe.WriteUnaligned(to, Volatile.Read(ref *(uint*)from)); break;
                    case 8: Unsafe.WriteUnaligned(to, Volatile.Read(ref *(ulong*)from)); break;
                    default: Buffer.MemoryCopy(from, to, destination.Length, destination.Length); break;
                }
            Volatile.ReadBarrier();
        }
        finally
        {
            if (held) DangerousRelease();
        }
    }

    /// <summary>Copies in. 2, 4 and 8 bytes at their natural alignment are seen whole by whoever else maps the file.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the mapping.</exception>
    /// <exception cref="InvalidOperationException">The mapping is read-only.</exception>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public void Write(ulong offset, ReadOnlySpan<byte> source)
    {
        CheckRange(offset, source.Length);
        if (!IsWritable) throw new InvalidOperationException("The mapping is read-only.");
        var held = false;
        try
        {
            DangerousAddRef(ref held);
            Volatile.WriteBarrier();
            var to = (byte*)handle + offset;
            fixed (byte* from = source)
                switch (Whole(to, source.Length))
                {
                    case 2: Volatile.Write(ref *(ushort*)to, Unsafe.ReadUnaligned<ushort>(from)); break;
                    case 4: Volatile.Write(ref *(uint*)to, Unsafe.ReadUnaligned<uint>(from)); break;
                    case 8: Volatile.Write(ref *(ulong*)to, Unsafe.ReadUnaligned<ulong>(from)); break;
                    default: Buffer.MemoryCopy(from, to, source.Length, source.Length); break;
                }
        }
        finally
        {
            if (held) DangerousRelease();
        }
    }

    /// <summary>Copies 64 bytes in, in one piece that a device sees whole where the processor has MOVDIR64B, and in eight of 8 bytes where it has
    /// not: an emulator's device sees those, a card that asks for one piece may not take them.</summary>
    /// <param name="offset">A multiple of 64.</param>
    /// <param name="source">64 bytes.</param>
    /// <exception cref="ArgumentException">It is not 64 bytes, or not at a multiple of 64 in memory.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the mapping.</exception>
    /// <exception cref="InvalidOperationException">The mapping is read-only.</exception>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public void Store64(ulong offset, ReadOnlySpan<byte> source)
    {
        CheckRange(offset, source.Length);
        if (source.Length != 64 || offset % 64 != 0) throw new ArgumentException($"Only 64 bytes at a multiple of 64 are stored in one piece, not {source.Length} at 0x{offset:x}.", nameof(source));
        if (!IsWritable) throw new InvalidOperationException("The mapping is read-only.");
        var held = false;
        try
        {
            DangerousAddRef(ref held);
            Interlocked.MemoryBarrier();        // a direct store passes earlier ones, and what a descriptor points to must be there
            fixed (byte* from = source) DirectStore.Store((byte*)handle + offset, from);
        }
        finally
        {
            if (held) DangerousRelease();
        }
    }

    /// <summary>The length when it is one machine word at its natural alignment, else 0.</summary>
    static int Whole(byte* address, int length) => length is 2 or 4 or 8 && (nuint)address % (uint)length == 0 ? length : 0;

    void CheckRange(ulong offset, int length)
    {
        if (offset > Length || (ulong)length > Length - offset)
            throw new ArgumentOutOfRangeException(nameof(offset), $"{length} bytes at 0x{offset:x} are not inside a mapping of 0x{Length:x} bytes.");
    }
}
