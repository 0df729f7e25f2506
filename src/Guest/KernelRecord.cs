using System.Globalization;

namespace Understudy.Guest;

/// <summary>One record of the guest's kernel log (Documentation/ABI/testing/dev-kmsg).</summary>
/// <param name="Sequence">The kernel's number of the record, without gaps in the kernel.</param>
/// <param name="GuestTimeMicroseconds">The kernel's time stamp: microseconds since it booted.</param>
/// <param name="Level">Log level, 0 (emergency) to 7 (debug).</param>
/// <param name="Text">The message; one record may hold several lines.</param>
/// <param name="HostTimestamp">When it came, as <see cref="TimeProvider.GetTimestamp"/> of the client's clock.</param>
public sealed record KernelRecord(ulong Sequence, ulong GuestTimeMicroseconds, int Level, string Text, long HostTimestamp)
{
    /// <summary>How many records just before this one never reached us, because the kernel's buffer was overwritten first.</summary>
    public ulong Lost { get; init; }

    /// <summary>Whether this line of a console shows this record, or a line of it: a report of the same words at another time is another one.</summary>
    /// <param name="console">With the time, as printk shows it; without, it shows no record. What stands before the time does not matter.</param>
    public bool IsShownBy(ReadOnlySpan<char> console)
    {
        Span<char> time = stackalloc char[32];
        if (!console.Contains(time[..WriteTime(time)], StringComparison.Ordinal)) return false;
        foreach (var line in Text.AsSpan().EnumerateLines())
            if (!line.IsWhiteSpace() && console.TrimEnd().EndsWith(line.TrimEnd(), StringComparison.Ordinal)) return true;
        return false;
    }

    /// <summary>The record as dmesg prints it.</summary>
    public override string ToString()
    {
        Span<char> time = stackalloc char[32];
        return $"{time[..WriteTime(time)]} {Text}";
    }

    // As print_time does in kernel/printk/printk.c.
    int WriteTime(Span<char> room) =>
        room.TryWrite(CultureInfo.InvariantCulture, $"[{GuestTimeMicroseconds / 1_000_000,5}.{GuestTimeMicroseconds % 1_000_000:D6}]", out var length) ? length : 0;
}
