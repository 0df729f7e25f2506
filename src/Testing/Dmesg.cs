using Understudy.Guest;

namespace Understudy.Testing;

/// <summary>The kernel log of a rig, read like a book: what <see cref="Sees(string, TimeSpan?)"/> has found lies behind, and the next look
/// begins after it.</summary>
public sealed class Dmesg
{
    const int TailLines = 20;

    readonly KernelLog _log;
    readonly CancellationToken _stop;
    ulong? _last;

    internal Dmesg(KernelLog log, CancellationToken stop) => (_log, _stop) = (log, stop);

    /// <summary>Everything that is kept, oldest first.</summary>
    public IReadOnlyList<KernelRecord> Records => _log.Since();

    /// <summary>The kernel says this, or has said it since the last look.</summary>
    /// <param name="text">Part of a record.</param>
    /// <param name="within">Host time it may take; 20 s unless told.</param>
    /// <returns>The first record that contains it; the next look begins after it.</returns>
    /// <exception cref="DriverFailedException">It does not; shows the end of the log.</exception>
    public async Task<KernelRecord> Sees(string text, TimeSpan? within = null)
    {
        var limit = within ?? Durations.Patience;
        return await FindAsync(text, limit).ConfigureAwait(false)
            ?? throw new DriverFailedException($"the kernel log did not say '{text}' within {limit.InWords()}; its end:\n{string.Join('\n', Records.TakeLast(TailLines))}");
    }

    /// <summary>The kernel does not say this, and has not said it since the last look. Takes all of the time: keep it short.</summary>
    /// <param name="text">Part of a record.</param>
    /// <param name="within">Host time to listen.</param>
    /// <exception cref="DriverFailedException">It does; shows the record.</exception>
    public async Task SeesNot(string text, TimeSpan within)
    {
        if (await FindAsync(text, within).ConfigureAwait(false) is { } record) throw new DriverFailedException($"the kernel log says '{text}': {record}");
    }

    async Task<KernelRecord?> FindAsync(string text, TimeSpan within)
    {
        var last = _last;
        var found = await _log.SeesAsync(IsIt, within, cancellation: _stop).ConfigureAwait(false);
        if (found is not null) _last = found.Sequence;
        return found;

        bool IsIt(KernelRecord record) => (last is null || record.Sequence > last) && record.Text.Contains(text, StringComparison.Ordinal);
    }
}
