namespace Understudy.Linux;

/// <summary>The error numbers of Linux that this project names, as in <c>errno(3)</c>; the same on every architecture .NET runs on.</summary>
public static class Errno
{
    /// <summary>Operation not permitted.</summary>
    public const int EPERM = 1;
    /// <summary>No such file or directory.</summary>
    public const int ENOENT = 2;
    /// <summary>Interrupted by a signal.</summary>
    public const int EINTR = 4;
    /// <summary>Input or output error.</summary>
    public const int EIO = 5;
    /// <summary>The argument is too big.</summary>
    public const int E2BIG = 7;
    /// <summary>Try again: the call would block.</summary>
    public const int EAGAIN = 11;
    /// <summary>Out of memory or address space.</summary>
    public const int ENOMEM = 12;
    /// <summary>Permission denied.</summary>
    public const int EACCES = 13;
    /// <summary>Already there.</summary>
    public const int EEXIST = 17;
    /// <summary>No such device.</summary>
    public const int ENODEV = 19;
    /// <summary>Invalid argument.</summary>
    public const int EINVAL = 22;
    /// <summary>Not a call this file takes.</summary>
    public const int ENOTTY = 25;
    /// <summary>No space left.</summary>
    public const int ENOSPC = 28;
    /// <summary>The other end is closed.</summary>
    public const int EPIPE = 32;
    /// <summary>Not implemented.</summary>
    public const int ENOSYS = 38;
    /// <summary>Operation not supported.</summary>
    public const int ENOTSUP = 95;
    /// <summary>Connection reset by the other end.</summary>
    public const int ECONNRESET = 104;

    static readonly Dictionary<int, string> Names = new()
    {
        [EPERM] = "EPERM", [ENOENT] = "ENOENT", [3] = "ESRCH", [EINTR] = "EINTR", [EIO] = "EIO", [6] = "ENXIO", [E2BIG] = "E2BIG",
        [9] = "EBADF", [10] = "ECHILD", [EAGAIN] = "EAGAIN", [ENOMEM] = "ENOMEM", [EACCES] = "EACCES", [14] = "EFAULT",
        [16] = "EBUSY", [EEXIST] = "EEXIST", [ENODEV] = "ENODEV", [20] = "ENOTDIR", [21] = "EISDIR", [EINVAL] = "EINVAL",
        [23] = "ENFILE", [24] = "EMFILE", [ENOTTY] = "ENOTTY", [26] = "ETXTBSY", [27] = "EFBIG", [ENOSPC] = "ENOSPC",
        [29] = "ESPIPE", [30] = "EROFS", [EPIPE] = "EPIPE", [34] = "ERANGE", [36] = "ENAMETOOLONG", [ENOSYS] = "ENOSYS",
        [88] = "ENOTSOCK", [90] = "EMSGSIZE", [92] = "ENOPROTOOPT", [ENOTSUP] = "ENOTSUP", [98] = "EADDRINUSE",
        [99] = "EADDRNOTAVAIL", [ECONNRESET] = "ECONNRESET", [105] = "ENOBUFS", [106] = "EISCONN", [107] = "ENOTCONN",
        [109] = "ETOOMANYREFS", [110] = "ETIMEDOUT", [111] = "ECONNREFUSED",
    };

    /// <summary>The symbol of an error number (<c>EINVAL</c>), or <c>errno 123</c> for one without a name here.</summary>
    public static string Name(int errno) => Names.TryGetValue(errno, out var name) ? name : $"errno {errno}";
}
