using System.IO.Enumeration;
using System.Text;

namespace Understudy.Toolchain;

/// <summary>
/// What depmod(8) knows of a kernel's modules: modules.dep, modules.softdep, modules.builtin and, once asked for an alias,
/// modules.alias and modules.builtin.modinfo. Names are kept with underscores, as the kernel does.
/// </summary>
sealed class ModuleIndex
{
    readonly string _files;
    readonly string _index;
    readonly Dictionary<string, (string Path, string[] Needs)> _modules = [];
    readonly Dictionary<string, (string[] Pre, string[] Post)> _softDepends = [];
    readonly HashSet<string> _builtIn = [];
    List<(string Pattern, string Module)>? _aliases;

    /// <param name="files">The directory with kernel/ and modules.builtin.</param>
    /// <param name="index">The directory with depmod's output; the same one, unless the files' owner never ran depmod.</param>
    public ModuleIndex(string files, string index)
    {
        _files = files;
        _index = index;
        foreach (var line in Lines(index, "modules.dep"))
        {
            if (line.Split(':', 2) is not [var path, var needs]) continue;
            _modules[NameOf(path)] = (path, [.. needs.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(NameOf)]);
        }
        foreach (var line in Lines(index, "modules.softdep"))
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["softdep", var module, .. var words]) AddSoftDepends(Plain(module), words);
        foreach (var line in Lines(files, "modules.builtin")) _builtIn.Add(NameOf(line));
    }

    public IEnumerable<string> Names => _modules.Keys;

    public bool IsModule(string name) => _modules.ContainsKey(name);

    public bool IsBuiltIn(string name) => _builtIn.Contains(name);

    public string PathOf(string name) => Path.Combine(_files, _modules[name].Path);

    /// <summary>All modules it needs, directly or not, in modules.dep's order: what has to be loaded first comes last.</summary>
    public IReadOnlyList<string> Needs(string name) => _modules[name].Needs;

    /// <summary>Names or aliases: <c>realtek</c>, <c>crypto-crc32c</c>.</summary>
    public IReadOnlyList<string> LoadBefore(string name) => _softDepends.TryGetValue(name, out var soft) ? soft.Pre : [];

    public IReadOnlyList<string> LoadAfter(string name) => _softDepends.TryGetValue(name, out var soft) ? soft.Post : [];

    /// <summary>The modules or built-in drivers an alias means, such as the modalias of a device.</summary>
    public IReadOnlyList<string> ByAlias(string alias) =>
        [.. (_aliases ??= ReadAliases()).Where(entry => FileSystemName.MatchesSimpleExpression(entry.Pattern, alias, ignoreCase: false))
            .Select(entry => entry.Module).Distinct()];

    public bool HasAlias(string module, string start) => (_aliases ??= ReadAliases()).Any(entry => entry.Module == module && entry.Pattern.StartsWith(start, StringComparison.Ordinal));

    public static string NameOf(string path)
    {
        var file = path[(path.LastIndexOf('/') + 1)..].Trim();
        var end = file.IndexOf(".ko", StringComparison.Ordinal);
        return Plain(end < 0 ? file : file[..end]);
    }

    public static string Plain(string name) => name.Replace('-', '_');

    void AddSoftDepends(string module, string[] words)
    {
        var (pre, post) = _softDepends.GetValueOrDefault(module, ([], []));
        var into = "";
        foreach (var word in words)
        {
            if (word is "pre:" or "post:") into = word;
            else if (into == "pre:") pre = [.. pre, word];
            else if (into == "post:") post = [.. post, word];
        }
        _softDepends[module] = (pre, post);
    }

    List<(string, string)> ReadAliases()
    {
        var aliases = new List<(string, string)>();
        foreach (var line in Lines(_index, "modules.alias"))
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["alias", var pattern, var module]) aliases.Add((pattern, Plain(module)));
        var builtIn = Path.Combine(_files, "modules.builtin.modinfo");
        if (!File.Exists(builtIn)) return aliases;

        // NUL-separated "module.alias=pattern".
        foreach (var field in File.ReadAllText(builtIn, Encoding.UTF8).Split('\0'))
        {
            var mark = field.IndexOf(".alias=", StringComparison.Ordinal);
            if (mark > 0) aliases.Add((field[(mark + ".alias=".Length)..], Plain(field[..mark])));
        }
        return aliases;
    }

    static IEnumerable<string> Lines(string directory, string file) =>
        Path.Combine(directory, file) is var path && File.Exists(path) ? File.ReadLines(path) : [];
}
