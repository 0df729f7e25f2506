using System.Runtime.InteropServices;

namespace Understudy.Linux;

/// <summary>Device-specific requests (<c>ioctl(2)</c>). The layout of a request's argument is the caller's to know; what the kernel answers
/// comes back in place.</summary>
public static unsafe class Ioctl
{
    /// <summary>A request whose argument is a number.</summary>
    /// <param name="file">The device.</param>
    /// <param name="request">Its number.</param>
    /// <param name="argument">The number that goes with it.</param>
    /// <param name="name">The request's name in the kernel's headers, for the message of an error.</param>
    /// <returns>What the kernel returned, not negative.</returns>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public static int Value(FileDescriptor file, uint request, long argument, string name)
        => (int)Libc.Check(Libc.ioctl(file, request, (nint)argument), "ioctl", name);

    /// <summary>A request whose argument is a structure of fixed size.</summary>
    /// <inheritdoc cref="Value"/>
    public static int Structure<T>(FileDescriptor file, uint request, ref T argument, string name) where T : unmanaged
    {
        fixed (T* at = &argument) return (int)Libc.Check(Libc.ioctl(file, request, (nint)at), "ioctl", name);
    }

    /// <summary>A request whose argument is a structure with something after it.</summary>
    /// <inheritdoc cref="Value"/>
    public static int Bytes(FileDescriptor file, uint request, Span<byte> argument, string name)
    {
        fixed (byte* at = argument) return (int)Libc.Check(Libc.ioctl(file, request, (nint)at), "ioctl", name);
    }

    /// <summary>A request whose argument is a number, and whose answer is a new descriptor.</summary>
    /// <inheritdoc cref="Value"/>
    public static FileDescriptor Descriptor(FileDescriptor file, uint request, long argument, string name) => new(Value(file, request, argument, name));

    /// <summary>A request whose argument is a string, and whose answer is a new descriptor.</summary>
    /// <inheritdoc cref="Value"/>
    public static FileDescriptor Descriptor(FileDescriptor file, uint request, string argument, string name)
    {
        var text = Marshal.StringToCoTaskMemUTF8(argument);
        try
        {
            return new FileDescriptor((int)Libc.Check(Libc.ioctl(file, request, text), "ioctl", name));
        }
        finally
        {
            Marshal.FreeCoTaskMem(text);
        }
    }
}
