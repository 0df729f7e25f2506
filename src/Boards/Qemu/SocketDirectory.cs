using System.Globalization;

namespace Understudy.Boards;

/// <summary>A private directory for one machine's sockets, named after our process so that the next run sweeps what a killed one
/// left.</summary>
sealed class SocketDirectory : IDisposable
{
    const string Prefix = "understudy-";

    // A socket's path has at most 107 bytes, and a device's name is part of it.
    const int LongestRoot = 50;
    static int s_last;

    public SocketDirectory()
    {
        var root = Root();
        Sweep(root);
        Path = System.IO.Path.Combine(root, $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref s_last)}");
        try
        {
            // One that is there is a dead process's that had our number: containers give the same numbers again and again.
            Dispose();
            Directory.CreateDirectory(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new LabFailedException($"The directory {Path} for a machine's sockets cannot be made: {exception.Message}", exception);
        }
    }

    public string Path { get; }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        if (Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
    }

    static string Root()
    {
        var runtime = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        var root = Directory.Exists(runtime) ? runtime : System.IO.Path.GetTempPath();
        if (root.Length > LongestRoot)
            throw new LabFailedException($"Sockets have to lie under '{root}', whose path is too long for them; set TMPDIR or XDG_RUNTIME_DIR to a directory of at most {LongestRoot} characters");
        return root;
    }

    internal static void Sweep(string root)
    {
        foreach (var left in Directory.EnumerateDirectories(root, Prefix + "*"))
        {
            var owner = System.IO.Path.GetFileName(left)[Prefix.Length..].Split('-')[0];
            if (!int.TryParse(owner, CultureInfo.InvariantCulture, out var process) || Directory.Exists($"/proc/{process}")) continue;
            try
            {
                Directory.Delete(left, recursive: true);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Somebody else's, or swept by another run at this moment: not ours to mind.
                continue;
            }
        }
    }
}
