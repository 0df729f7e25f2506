using System.Runtime.InteropServices;

namespace Understudy.Linux;

/// <summary>A system call failed.</summary>
public sealed class LinuxException : IOException
{
    /// <summary>A call that failed with an error number.</summary>
    /// <param name="call">The system call, as its manual page is called (<c>mmap</c>).</param>
    /// <param name="errno">Its error number, see <see cref="Errno"/>.</param>
    /// <param name="about">What the call was about, for the message: a path, a length.</param>
    public LinuxException(string call, int errno, string? about = null)
        : base($"{call}{(about is null ? "" : $" {about}")}: {Marshal.GetPInvokeErrorMessage(errno)} ({Linux.Errno.Name(errno)})")
        => (Call, Errno) = (call, errno);

    /// <summary>The system call that failed.</summary>
    public string Call { get; }

    /// <summary>The error number it failed with.</summary>
    public int Errno { get; }
}
