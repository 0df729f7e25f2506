namespace Understudy.Transports.Tests;

/// <summary>What this process has open. The runtime opens files of its own as it goes, so only kinds that a test names are counted.</summary>
static class OpenDescriptors
{
    /// <param name="kinds">How <c>/proc/self/fd</c> names them, or how that begins: <c>socket</c>, <c>anon_inode:kvm</c>.</param>
    public static string Of(params string[] kinds) => string.Join(", ", Directory.GetFiles("/proc/self/fd")
        .Select(path => new FileInfo(path).LinkTarget ?? "")
        .Select(target => kinds.FirstOrDefault(kind => target.StartsWith(kind, StringComparison.Ordinal)))
        .OfType<string>().GroupBy(kind => kind).Select(group => $"{group.Key}: {group.Count()}").Order());
}
