namespace Understudy.Linux;

/// <summary>What the kernel says about an open file.</summary>
/// <param name="Device">The file system it lives on.</param>
/// <param name="Inode">Its number there: with <paramref name="Device"/>, the file's identity.</param>
/// <param name="Length">Its length in bytes, now.</param>
/// <param name="IsRegular">Whether it is a regular file, which a memfd is.</param>
public readonly record struct FileFacts(ulong Device, ulong Inode, ulong Length, bool IsRegular);
