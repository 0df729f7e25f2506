namespace Understudy.Guest;

/// <summary>A place in a <see cref="KernelLog"/>, between two records. The default is the beginning.</summary>
public readonly record struct KernelLogMark
{
    internal KernelLogMark(long index) => Index = index;

    internal long Index { get; }
}
