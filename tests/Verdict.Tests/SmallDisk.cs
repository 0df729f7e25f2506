using System.Diagnostics;

namespace Understudy.Verdict.Tests;

/// <summary>A file system of a few hundred KiB in memory.</summary>
sealed class SmallDisk : IDisposable
{
    SmallDisk(string path) => Path = path;

    public string Path { get; }

    public static SmallDisk Mount(string path, int kibibytes)
    {
        Directory.CreateDirectory(path);
        if (!Environment.IsPrivilegedProcess || !Run("mount", "-t", "tmpfs", "-o", $"size={kibibytes}k", "tmpfs", path))
            Assert.Skip("mounting a small file system needs root with CAP_SYS_ADMIN");
        return new SmallDisk(path);
    }

    static bool Run(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    public void Dispose() => Assert.True(Run("umount", Path), $"{Path} stays mounted");
}
