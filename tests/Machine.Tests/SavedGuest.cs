using System.Diagnostics;
using Understudy.Boards;

namespace Understudy.Machine.Tests;

/// <summary>A saved guest that no other test uses, to be damaged. It is gone when the test ends.</summary>
sealed class SavedGuest : IDisposable
{
    /// <summary>Tells the process of <see cref="SaveInAnotherProcess"/> which guest to save.</summary>
    public const string MarkVariable = "UNDERSTUDY_TEST_GUEST";

    static readonly string s_cache = Bench.Toolbox.Cache.Root;

    readonly string _mark = $"understudy.test={Guid.NewGuid():N}";
    readonly HashSet<string> _before = [.. All()];

    public List<string> Notes { get; } = [];

    public bool IsThere => Mine("guests").Any();

    public bool IsBegun => Directory.Exists(Path.Combine(s_cache, "staging")) && Directory.EnumerateDirectories(Path.Combine(s_cache, "staging"), "guests_*").Any(path => !_before.Contains(path));

    /// <summary>A spec whose saved guest is this one.</summary>
    public BootSpec Only(BootSpec spec) => spec with { KernelArguments = [_mark], OnNote = Notes.Add };

    public void Damage(string how)
    {
        var directory = Mine("guests").Single();
        var state = Path.Combine(directory, "state");
        File.SetUnixFileMode(state, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var written = File.GetLastWriteTimeUtc(state);
        using var file = new FileStream(state, FileMode.Open, FileAccess.ReadWrite);
        switch (how)
        {
            case "cut short":
                file.SetLength(file.Length / 2);
                break;
            case "overwritten":
                file.Write(new byte[4096]);
                file.Flush();
                File.SetLastWriteTimeUtc(state, written);
                break;
            default:
                File.Delete(state);
                break;
        }
    }

    public Process SaveInAnotherProcess()
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["-method", $"{typeof(RestoreTests).FullName}.{nameof(RestoreTests.Saves_a_guest)}", "-explicit", "only"]) { RedirectStandardOutput = true };
        start.Environment[MarkVariable] = _mark;
        return Process.Start(start)!;
    }

    /// <summary>Completes when the other process is at it.</summary>
    public async Task BegunAsync()
    {
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        using var limit = new CancellationTokenSource(Bench.Patience);
        while (!IsBegun) await poll.WaitForNextTickAsync(limit.Token);
    }

    public void Dispose()
    {
        foreach (var directory in Mine("guests").ToList()) Directory.Delete(directory, recursive: true);
    }

    IEnumerable<string> Mine(string shelf) => All().Where(path => !_before.Contains(path) && path.Contains($"/{shelf}/", StringComparison.Ordinal));

    static IEnumerable<string> All() => ((string[])["guests", "staging"])
        .Select(shelf => Path.Combine(s_cache, shelf)).Where(Directory.Exists).SelectMany(Directory.EnumerateDirectories);
}
