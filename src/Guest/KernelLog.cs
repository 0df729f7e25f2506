using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Understudy.Guest;

/// <summary>
/// The guest's kernel log as the agent streams it: complete whatever the console shows, in order, and saying where records were lost.
/// Of a flood it keeps at least the newest 75,000 records, or fewer long ones: 64 Mi characters at most. Any thread may use it.
/// </summary>
public sealed class KernelLog
{
    const int RecordsKept = 100_000;
    const long CharactersKept = 64 << 20;

    readonly Lock _lock = new();
    readonly List<KernelRecord> _records = [];
    readonly List<Watch> _watches = [];
    readonly IGuestTime? _time;
    long _dropped, _characters;
    KernelRecord? _newest;
    Exception? _end;
    readonly TaskCompletionSource _ended = NewSignal();
    TaskCompletionSource _changed = NewSignal();

    internal KernelLog(IGuestTime? time = null) => _time = time;

    /// <summary>
    /// Completes when no more records will come. A guest's last records may still be on their way when the guest is already known to be
    /// lost: wait for this, but not for ever, before judging.
    /// </summary>
    public Task Ended => _ended.Task;

    /// <summary>How many records never reached us so far.</summary>
    public ulong Lost { get; private set; }

    /// <summary>The place after the newest record that has come. Records on their way at that moment lie behind it.</summary>
    public KernelLogMark Mark()
    {
        lock (_lock) return new(_dropped + _records.Count);
    }

    /// <summary>What has come since a mark, oldest first; without one, all that is kept.</summary>
    public IReadOnlyList<KernelRecord> Since(KernelLogMark mark = default) => Look(mark.Index).Records;

    /// <summary>All records since a mark and then each as it comes, until the guest is lost; then the stream ends.</summary>
    public async IAsyncEnumerable<KernelRecord> ReadAsync(
        KernelLogMark since = default, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var at = since.Index;
        while (true)
        {
            var (records, next, end, changed) = Look(at);
            foreach (var record in records) yield return record;
            at = next;
            if (end is not null) yield break;
            await changed.WaitAsync(cancellation);
        }
    }

    /// <summary>Waits for a record that contains the text, among those since the mark and those still to come.</summary>
    /// <param name="text">Compared ordinally.</param>
    /// <param name="within">How long to wait, by the host's clock.</param>
    /// <param name="since">Where to begin; without it, at the oldest record kept.</param>
    /// <param name="cancellation">Gives up early.</param>
    /// <returns>The first such record, or null when the time ran out.</returns>
    /// <exception cref="GuestLostException">The log ended before such a record came.</exception>
    public Task<KernelRecord?> SeesAsync(
        string text, TimeSpan within, KernelLogMark since = default, CancellationToken cancellation = default) =>
        SeesAsync(record => record.Text.Contains(text, StringComparison.Ordinal), within, since, cancellation);

    /// <summary>Waits for a record that matches the pattern; otherwise like its sibling.</summary>
    /// <returns>The first such record, or null when the time ran out.</returns>
    /// <exception cref="GuestLostException">The log ended before such a record came.</exception>
    public Task<KernelRecord?> SeesAsync(
        Regex pattern, TimeSpan within, KernelLogMark since = default, CancellationToken cancellation = default) =>
        SeesAsync(record => pattern.IsMatch(record.Text), within, since, cancellation);

    /// <summary>Waits for the record of this number, or a later one; not for a log that has ended, nor for one that is silent for so long. A
    /// guest's time does not pass meanwhile: the record is on its way.</summary>
    internal async Task ReachesAsync(ulong sequence, TimeSpan silence)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_end is not null || _newest?.Sequence >= sequence) return;
                changed = _changed.Task;
            }
            try
            {
                await changed.WaitAsync(silence);
            }
            catch (TimeoutException)
            {
                return;
            }
        }
    }

    internal void Append(KernelRecord record)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            // A number that goes back is a kernel that booted anew, not a loss.
            var lost = _newest is { } newest && record.Sequence > newest.Sequence + 1 ? record.Sequence - newest.Sequence - 1 : 0;
            _newest = record with { Lost = lost };
            Lost += lost;
            _records.Add(_newest);
            _characters += record.Text.Length;
            if (_records.Count > RecordsKept || _characters > CharactersKept) DropOldest();
            for (var i = _watches.Count - 1; i >= 0; i--)
                if (_watches[i].Sees(_newest)) Unwatch(_watches[i]);
            (changed, _changed) = (_changed, NewSignal());
        }
        changed.TrySetResult();
    }

    internal void Complete(Exception reason)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            _end ??= reason;
            while (_watches is [var watch, ..])
            {
                watch.Fail(Missed());
                Unwatch(watch);
            }
            changed = _changed;
        }
        changed.TrySetResult();
        _ended.TrySetResult();
    }

    /// <summary>Waits for a record that is the one; otherwise like its siblings.</summary>
    /// <returns>The first such record, or null when the time ran out.</returns>
    /// <exception cref="GuestLostException">The log ended before such a record came.</exception>
    public async Task<KernelRecord?> SeesAsync(
        Func<KernelRecord, bool> isIt, TimeSpan within, KernelLogMark since = default, CancellationToken cancellation = default)
    {
        var watch = new Watch(isIt);
        lock (_lock)
        {
            if (!Look(since.Index).Records.Any(watch.Sees))
            {
                if (_end is not null) throw Missed();
                _watches.Add(watch);
                _time?.Begin();
            }
        }
        try
        {
            return await watch.Seen.WaitAsync(within, cancellation);
        }
        catch (TimeoutException)
        {
            return null;
        }
        finally
        {
            lock (_lock) Unwatch(watch);
        }
    }

    void Unwatch(Watch watch)
    {
        if (_watches.Remove(watch)) _time?.End();
    }

    GuestLostException Missed() => new("the kernel log ended before the awaited message came", _end);

    (IReadOnlyList<KernelRecord> Records, long Next, Exception? End, Task Changed) Look(long from)
    {
        lock (_lock)
        {
            var skip = (int)Math.Clamp(from - _dropped, 0, _records.Count);
            return (_records[skip..], _dropped + _records.Count, _end, _changed.Task);
        }
    }

    void DropOldest()
    {
        var count = Math.Max(1, _records.Count / 4);
        foreach (var record in _records[..count]) _characters -= record.Text.Length;
        _records.RemoveRange(0, count);
        _dropped += count;
    }

    static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Looks at each record when it comes, so that a guest whose time passes while somebody waits has none left when it has come.
    sealed class Watch(Func<KernelRecord, bool> isIt)
    {
        readonly TaskCompletionSource<KernelRecord?> _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<KernelRecord?> Seen => _seen.Task;

        public bool Sees(KernelRecord record)
        {
            try
            {
                return isIt(record) && _seen.TrySetResult(record);
            }
#pragma warning disable CA1031 // Whatever the caller's question throws belongs to the caller, not to the log.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                return _seen.TrySetException(failure);
            }
        }

        public void Fail(Exception reason) => _seen.TrySetException(reason);
    }
}
