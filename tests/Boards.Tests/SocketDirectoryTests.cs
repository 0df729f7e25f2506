using System.Diagnostics;
using System.Globalization;

namespace Understudy.Boards.Tests;

/// <summary>Directories of this process are numbered, and every command line of QEMU takes one.</summary>
[Collection(nameof(SocketDirectory))]
public sealed class SocketDirectoryTests : IDisposable
{
    readonly string _root = Directory.CreateTempSubdirectory("ust-").FullName;

    [Fact]
    public async Task A_dead_process_directories_are_swept_and_no_others()
    {
        using var process = Process.Start("true");
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        var dead = Made($"understudy-{process.Id}-1");
        File.WriteAllText(Path.Combine(dead, "qmp"), "");
        string[] kept = [Made(Name(Environment.ProcessId)), Made("understudy-notes"), Made("other-1-1"), Made("understudy-")];
        SocketDirectory.Sweep(_root);
        Assert.False(Directory.Exists(dead));
        Assert.All(kept, path => Assert.True(Directory.Exists(path), path));
    }

    [Fact]
    public void It_is_private_and_gone_when_its_machine_is()
    {
        string path;
        using (var sockets = new SocketDirectory())
        {
            path = sockets.Path;
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(path));
            Assert.Equal(Path.Combine(path, "ctl"), sockets["ctl"]);
            File.WriteAllText(sockets["ctl"], "");
        }
        Assert.False(Directory.Exists(path));
    }

    [Fact]
    public void What_a_dead_process_left_that_had_our_number_is_not_in_the_way()
    {
        // In a container every run may get the same process number.
        using var first = new SocketDirectory();
        var number = int.Parse(first.Path.Split('-')[^1], CultureInfo.InvariantCulture);
        var head = first.Path[..^number.ToString(CultureInfo.InvariantCulture).Length];
        var left = Directory.CreateDirectory($"{head}{number + 1}").FullName;
        File.WriteAllText(Path.Combine(left, "qmp"), "");
        using var second = new SocketDirectory();
        Assert.Equal(left, second.Path);
        Assert.Empty(Directory.EnumerateFileSystemEntries(left));
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    string Made(string name) => Directory.CreateDirectory(Path.Combine(_root, name)).FullName;

    static string Name(int process) => string.Create(CultureInfo.InvariantCulture, $"understudy-{process}-999");
}
