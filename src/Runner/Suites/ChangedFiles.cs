using System.ComponentModel;
using System.Diagnostics;

namespace Understudy.Runner.Suites;

/// <summary>The files of a git work tree that are not as they were at some revision: changed, moved, deleted, or not known to git.</summary>
public sealed class ChangedFiles
{
    readonly HashSet<string> _files;
    readonly SourceClosure _closure = new();

    ChangedFiles(IEnumerable<string> files) => _files = [.. files];

    /// <summary>How many.</summary>
    public int Count => _files.Count;

    /// <summary>Asks git.</summary>
    /// <param name="directories">Directories in the work trees to ask for.</param>
    /// <param name="revision">A commit, a branch, a tag; <c>HEAD</c> for what is not committed yet.</param>
    /// <exception cref="FormatException">A directory is in no work tree, git is not here, or does not know the revision.</exception>
    public static ChangedFiles Since(IEnumerable<string> directories, string revision)
        => new(directories.Select(directory => Git(directory, "rev-parse", "--show-toplevel").TrimEnd('\n')).Distinct().SelectMany(tree =>
            Git(tree, "diff", "--name-only", "--no-renames", "-z", revision, "--").Split('\0')
                .Concat(Git(tree, "ls-files", "--others", "--exclude-standard", "-z").Split('\0'))
                .Where(name => name.Length > 0).Select(name => Path.Combine(tree, name))));

    /// <summary>Something changed that a test is made of, the headers its C files include among it.</summary>
    public bool Touch(SuiteTest test)
    {
        ArgumentNullException.ThrowIfNull(test);
        return test.Sources.SelectMany(_closure.Of).Any(source => _files.Any(file => file == source || file.StartsWith($"{source}/", StringComparison.Ordinal)));
    }

    static string Git(string directory, params string[] arguments)
    {
        var start = new ProcessStartInfo("git", ["-C", directory, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using var git = Process.Start(start)!;
            var error = git.StandardError.ReadToEndAsync();
            var output = git.StandardOutput.ReadToEnd();
            git.WaitForExit();
            return git.ExitCode == 0 ? output : throw new FormatException($"git does not say what changed in {directory}: {error.Result.Split('\n')[0]}");
        }
        catch (Win32Exception)
        {
            throw new FormatException("what changed is for git to say, and there is no 'git' on the PATH");
        }
    }
}
