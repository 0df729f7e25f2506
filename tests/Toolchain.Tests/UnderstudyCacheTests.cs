namespace Understudy.Toolchain.Tests;

public class UnderstudyCacheTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_two_that_want_one_entry_at_once_one_makes_it_and_the_other_waits()
    {
        using var scratch = new Scratch();
        var cache = scratch.Cache;
        var started = new TaskCompletionSource();
        var proceed = new TaskCompletionSource();
        var waited = new TaskCompletionSource();
        var made = 0;

        var first = cache.EntryAsync("things/one", async staging =>
        {
            made++;
            started.SetResult();
            await proceed.Task;
            File.WriteAllText(Path.Combine(staging, "file"), "whole");
        }, Cancel);
        await started.Task;
        var second = UnderstudyCache.Open(cache.Root).EntryAsync("things/one", _ => { made++; return Task.CompletedTask; }, Cancel, waited.SetResult);
        await waited.Task;
        Assert.False(Directory.Exists(cache.PathOf("things/one")));
        proceed.SetResult();

        Assert.Equal(await first, await second);
        Assert.Equal(1, made);
        Assert.Equal("whole", File.ReadAllText(Path.Combine(await second, "file")));
    }

    [Fact]
    public async Task What_somebody_works_in_stays_when_a_shelf_is_trimmed()
    {
        using var scratch = new Scratch();
        var cache = scratch.Cache;
        foreach (var name in (string[])["old", "older", "new"]) Directory.CreateDirectory(cache.PathOf("things", name));
        Directory.SetLastWriteTimeUtc(cache.PathOf("things/old"), DateTime.UtcNow.AddHours(-1));
        Directory.SetLastWriteTimeUtc(cache.PathOf("things/older"), DateTime.UtcNow.AddHours(-2));
        using (await cache.LockAsync("things/older", Cancel)) UnderstudyCache.Open(cache.Root).Trim("things", 1);
        Assert.Equal(["new", "older"], Directory.EnumerateDirectories(cache.PathOf("things")).Select(Path.GetFileName).Order());
        cache.Trim("things", 1);
        Assert.Equal(["new"], Directory.EnumerateDirectories(cache.PathOf("things")).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_failed_entry_leaves_nothing_and_can_be_made_again()
    {
        using var scratch = new Scratch();
        var cache = scratch.Cache;
        await Assert.ThrowsAsync<InvalidOperationException>(() => cache.EntryAsync("things/one", staging =>
        {
            File.WriteAllText(Path.Combine(staging, "half"), "");
            throw new InvalidOperationException();
        }, Cancel));
        Assert.False(Directory.Exists(cache.PathOf("things/one")));
        var path = await cache.EntryAsync("things/one", _ => Task.CompletedTask, Cancel);
        Assert.Empty(Directory.GetFiles(path));
    }

    [Fact]
    public async Task What_a_killed_run_left_half_made_is_cleared_away()
    {
        using var scratch = new Scratch();
        scratch.Write("cache/staging/things_one/half", "left behind");
        var path = await scratch.Cache.EntryAsync("things/one", _ => Task.CompletedTask, Cancel);
        Assert.Empty(Directory.GetFiles(path));
    }

    [Fact]
    public async Task Waiting_for_a_lock_can_be_cancelled()
    {
        using var scratch = new Scratch();
        using var held = await scratch.Cache.LockAsync("one", Cancel);
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => scratch.Cache.LockAsync("one", stop.Token, stop.Cancel));
        using var other = await scratch.Cache.LockAsync("other", Cancel);
    }

    [Fact]
    public void A_path_that_programs_cannot_carry_is_refused_with_a_way_out()
    {
        var refused = Assert.Throws<ToolchainException>(() => UnderstudyCache.Open("/tmp/with space/understudy"));
        Assert.Contains("XDG_CACHE_HOME", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_stamp_counts_as_absent()
    {
        using var scratch = new Scratch();
        var path = scratch.Write("stamp.json", "{ \"Key\": ");
        Assert.Null(CacheJson.Read(path, CacheJson.Default.PrefixStamp));
    }

    [Fact]
    public async Task A_cancelled_program_is_killed_with_its_children()
    {
        using var scratch = new Scratch();
        using var stop = new CancellationTokenSource();
        var lines = new List<string>();
        var running = HostProcess.RunAsync(new HostCommand("sh", ["-c", "echo $$; sleep 1000 & wait"])
        {
            OnLine = line => { lines.Add(line); stop.Cancel(); },
        }, stop.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.False(Directory.Exists($"/proc/{lines.Single()}"));
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_named()
    {
        var missing = await Assert.ThrowsAsync<ToolchainException>(() => HostProcess.RunAsync(new HostCommand("no-such-program", []), Cancel));
        Assert.Equal(ToolchainProblem.MissingHostTool, missing.Problem);
        Assert.Contains("no-such-program", missing.Message, StringComparison.Ordinal);
    }
}
