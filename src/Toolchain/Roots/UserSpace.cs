namespace Understudy.Toolchain;

/// <summary>What a guest's user space is made of: a Debian release, or a root file system that a user names.</summary>
/// <param name="Name">What is typed to name it, from any directory.</param>
public abstract record UserSpace(string Name)
{
    /// <summary>What can be named, in words.</summary>
    public static string Choice => $"{string.Join(", ", DebianDistribution.All.Select(one => one.Name))}, dir:PATH, oci:PATH[:TAG], podman:IMAGE, docker:IMAGE, skopeo:IMAGE";

    /// <summary>The one of this name.</summary>
    /// <param name="text">A release of Debian, or where a root file system is: <c>dir:PATH</c> (or a path that begins with <c>/</c>, <c>./</c> or
    /// <c>../</c>), <c>oci:PATH[:TAG]</c>, <c>podman:IMAGE</c>, <c>docker:IMAGE</c>, <c>skopeo:IMAGE</c>.</param>
    /// <param name="directory">Where relative paths begin; the current directory unless told.</param>
    /// <exception cref="ToolchainException">There is none (<see cref="ToolchainProblem.UnknownName"/>).</exception>
    public static UserSpace Named(string text, string? directory = null)
    {
        if (text.StartsWith('/') || text.StartsWith("./", StringComparison.Ordinal) || text.StartsWith("../", StringComparison.Ordinal)) return OwnRoot.Of("dir", text, directory);
        return text.Split(':', 2) is [var kind, var where] && OwnRoot.Kinds.Contains(kind) ? OwnRoot.Of(kind, where, directory) : DebianDistribution.Named(text);
    }

    /// <inheritdoc/>
    public sealed override string ToString() => Name;
}
