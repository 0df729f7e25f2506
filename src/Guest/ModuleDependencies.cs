using System.Text;

namespace Understudy.Guest;

/// <summary>
/// What modules say of themselves in their .modinfo section, as the modules.dep that busybox reads. The agent needs none; but busybox's
/// shell runs its own modprobe without looking for another.
/// </summary>
static class ModuleDependencies
{
    /// <summary>The text of modules.dep: each module, and what it needs, nearest first, by file name.</summary>
    public static string FileFor(IEnumerable<string> modules)
    {
        var files = modules.ToDictionary(NameOf);
        var needs = files.ToDictionary(file => file.Key, file => NeedsOf(File.ReadAllBytes(file.Value)));
        var text = new StringBuilder();
        foreach (var (name, path) in files)
        {
            var order = new List<string>();
            foreach (var need in needs[name]) Visit(need, needs, order);
            order.Reverse();
            text.Append(Path.GetFileName(path)).Append(':');
            foreach (var need in order) text.Append(' ').Append(Path.GetFileName(files[need]));
            text.Append('\n');
        }
        return text.ToString();
    }

    static void Visit(string name, Dictionary<string, string[]> needs, List<string> order)
    {
        if (order.Contains(name) || !needs.TryGetValue(name, out var own)) return;
        foreach (var need in own) Visit(need, needs, order);
        order.Add(name);
    }

    static string[] NeedsOf(ReadOnlySpan<byte> module)
    {
        var key = "\0depends="u8;
        var at = module.IndexOf(key);
        if (at < 0) return [];
        var value = module[(at + key.Length)..];
        return [.. Encoding.ASCII.GetString(value[..Math.Max(0, value.IndexOf((byte)0))]).Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Plain)];
    }

    static string NameOf(string path) => Plain(Path.GetFileNameWithoutExtension(path));

    static string Plain(string name) => name.Replace('-', '_');
}
