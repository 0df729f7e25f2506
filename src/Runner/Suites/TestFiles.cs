using Understudy.Guest;

namespace Understudy.Runner.Suites;

/// <summary>Brings the files of a suite and a test into a guest.</summary>
static class TestFiles
{
    // Of the suite, what all its tests share; of the test, everything but what speaks to the host.
    static readonly string[] s_ofSuite = ["setup", "teardown", "data"];
    static readonly string[] s_forTheHost = ["test.yaml", FaultsFile.Name, InfoDirectory.Name];

    /// <exception cref="TestErrorException">One cannot be read.</exception>
    public static async Task PushAsync(DirectoryTest test, GuestAgent guest, CancellationToken cancel)
    {
        foreach (var file in Files(test.SuiteDirectory, s_ofSuite.Contains)) await PushAsync(guest, test.SuiteDirectory, file, TestSequence.SuitePath, cancel).ConfigureAwait(false);
        foreach (var file in Files(test.Directory, name => !s_forTheHost.Contains(name))) await PushAsync(guest, test.Directory, file, TestSequence.TestPath, cancel).ConfigureAwait(false);
    }

    static async Task PushAsync(GuestAgent guest, string from, string file, string to, CancellationToken cancel)
    {
        await using var content = Open(file);
        var target = $"{to}/{Path.GetRelativePath(from, file).Replace(Path.DirectorySeparatorChar, '/')}";
        await guest.PushAsync(target, content, File.GetUnixFileMode(file), cancel).ConfigureAwait(false);
    }

    // What the test brings and we cannot read is the test's mistake, not the lab's.
    static FileStream Open(string file)
    {
        try
        {
            return File.OpenRead(file);
        }
        catch (Exception unread) when (unread is IOException or UnauthorizedAccessException)
        {
            throw new TestErrorException($"a file of the test cannot be read: {unread.Message}");
        }
    }

    static IEnumerable<string> Files(string directory, Func<string, bool> wanted) => Directory.EnumerateFileSystemEntries(directory)
        .Where(entry => wanted(Path.GetFileName(entry)))
        .SelectMany(entry => Directory.Exists(entry) ? Directory.EnumerateFiles(entry, "*", SearchOption.AllDirectories) : [entry])
        .Order(StringComparer.Ordinal);
}
