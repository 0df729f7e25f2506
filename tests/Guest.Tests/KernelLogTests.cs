using System.Text.RegularExpressions;
using Understudy.Guest.Protocol;

namespace Understudy.Guest.Tests;

public class KernelLogTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Missing_sequence_numbers_are_counted_where_they_are_missing()
    {
        var log = new KernelLog();
        foreach (ulong sequence in (ulong[])[5, 6, 10, 11]) log.Append(Record(sequence));

        Assert.Equal([0ul, 0, 3, 0], log.Since().Select(record => record.Lost));
        Assert.Equal(3ul, log.Lost);
    }

    [Fact]
    public void Numbers_that_begin_anew_are_no_loss()
    {
        var log = new KernelLog();
        foreach (ulong sequence in (ulong[])[900, 0, 1]) log.Append(Record(sequence));

        Assert.Equal(0ul, log.Lost);
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task What_came_before_the_mark_is_not_seen_and_what_comes_later_is()
    {
        var log = new KernelLog();
        log.Append(Record(0, "Link is Up"));
        var mark = log.Mark();
        var seeing = log.SeesAsync("Link is Up", TimeSpan.FromSeconds(30), mark, Cancel);
        log.Append(Record(1, "eth0: Link is Up - 1Gbps/Full"));

        Assert.Equal(1ul, (await seeing)!.Sequence);
        Assert.Equal(0ul, (await log.SeesAsync(new Regex("^Link"), TimeSpan.FromSeconds(30), cancellation: Cancel))!.Sequence);
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task What_never_comes_is_null_when_the_time_is_over() =>
        Assert.Null(await new KernelLog().SeesAsync("never", TimeSpan.FromMilliseconds(20), cancellation: Cancel));

    [Fact(Timeout = Limits.Hang)]
    public async Task A_log_that_ends_fails_who_still_waits_but_shows_what_it_has()
    {
        var log = new KernelLog();
        var seeing = log.SeesAsync("never", TimeSpan.FromSeconds(30), cancellation: Cancel);
        log.Append(Record(0, "here"));
        Assert.False(log.Ended.IsCompleted);
        log.Complete(new IOException("gone"));

        await log.Ended;
        await Assert.ThrowsAsync<GuestLostException>(() => seeing);
        Assert.NotNull(await log.SeesAsync("here", TimeSpan.FromSeconds(30), cancellation: Cancel));
    }

    [Fact]
    public void A_flood_is_kept_within_bounds_and_marks_stay_true()
    {
        var log = new KernelLog();
        for (ulong i = 0; i < 150_000; i++) log.Append(Record(i));
        var mark = log.Mark();
        log.Append(Record(150_000));

        Assert.InRange(log.Since().Count, 75_000, 100_000);
        Assert.Equal([150_000ul], log.Since(mark).Select(record => record.Sequence));
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task Records_come_through_the_log_channel_with_their_level_and_time()
    {
        using var guest = new ScriptedGuest();
        await using var agent = await guest.ConnectedAsync();
        await guest.LogAsync(7, @"tab\x09, umlaut \xc3\xbc, backslash \x5c, odd \xZZ");
        var record = await agent.KernelLog.SeesAsync("umlaut", TimeSpan.FromSeconds(30), cancellation: Cancel);

        Assert.Equal("tab\t, umlaut ü, backslash \\, odd \\xZZ", record!.Text);
        Assert.Equal((7ul, 7000ul, 6), (record.Sequence, record.GuestTimeMicroseconds, record.Level));
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task Nonsense_on_the_log_channel_loses_the_guest_with_a_reason()
    {
        using var guest = new ScriptedGuest();
        await using var agent = await guest.ConnectedAsync();
        await guest.LogAsync(0, "good");
        await guest.Log.WriteAsync("these are sixteen bytes and more"u8.ToArray(), Cancel);

        Assert.Contains("log channel", (await agent.Lost).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Escapes_at_the_end_of_the_text_do_no_harm() =>
        Assert.Equal(@"a\x4", KernelLogReader.Unescape(@"a\x4"u8));

    static KernelRecord Record(ulong sequence, string text = "x") => new(sequence, 0, 6, text, 0);
}
