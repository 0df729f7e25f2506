using System.Security.Cryptography;
using System.Text;

namespace Understudy.Toolchain;

/// <summary>
/// The modules of one kernel: resolves names and aliases to files in load order. Names with '-' and '_' are the same.
/// </summary>
public sealed class ModuleTree
{
    readonly string _kernel;
    readonly ModuleIndex _index;
    readonly UnderstudyCache _cache;
    readonly Func<CancellationToken, Task<Tools>> _tools;

    internal ModuleTree(string kernel, ModuleIndex index, UnderstudyCache cache, Func<CancellationToken, Task<Tools>> tools)
    {
        _kernel = kernel;
        _index = index;
        _cache = cache;
        _tools = tools;
    }

    /// <summary>True when the kernel has this driver or library inside, so that there is nothing to load.</summary>
    public bool IsBuiltIn(string name) => _index.IsBuiltIn(ModuleIndex.Plain(name));

    /// <summary>True when the kernel has it, as a module or built in.</summary>
    public bool Has(string nameOrAlias) => Meaning(nameOrAlias).Count > 0;

    /// <summary>
    /// The names of all modules to load for these, in load order: what modprobe would load, soft dependencies included
    /// (modprobe.d(5), softdep). What is built in is not in the list.
    /// </summary>
    /// <param name="namesOrAliases">Module names, or aliases such as "pci:v000010ECd00008168...", which may mean several modules.</param>
    /// <exception cref="ToolchainException">One is neither a module of this kernel nor built in; near names are given.</exception>
    public IReadOnlyList<string> Closure(params IEnumerable<string> namesOrAliases)
    {
        var order = new List<string>();
        var seen = new HashSet<string>();
        foreach (var wanted in namesOrAliases)
        {
            var meaning = Meaning(wanted);
            if (meaning.Count == 0) throw NotFound(wanted);
            foreach (var module in meaning) Visit(module, order, seen);
        }
        return order;
    }

    /// <summary>What has to be there when a module is loaded: what it needs, and what it asks for before itself, in load order. Neither the
    /// module nor what is built in.</summary>
    /// <param name="nameOrAlias">A module of this kernel. What the kernel has no module for needs nothing.</param>
    public IReadOnlyList<string> Before(string nameOrAlias)
    {
        var order = new List<string>();
        foreach (var module in Meaning(nameOrAlias).Where(_index.IsModule)) VisitBefore(module, order, [module]);
        return order;
    }

    /// <summary>True when devices of a bus find their driver in this module: it has an alias of that bus.</summary>
    /// <param name="module">Its name.</param>
    /// <param name="bus">The bus as aliases begin with it: <c>pci</c>.</param>
    public bool Drives(string module, string bus) => _index.HasAlias(ModuleIndex.Plain(module), $"{bus}:");

    /// <summary>What <see cref="Closure"/> gives, as files that can be loaded: compressed modules are uncompressed into the cache, each once.</summary>
    /// <inheritdoc cref="Closure"/>
    public async Task<IReadOnlyList<KernelModule>> LoadOrderAsync(IEnumerable<string> namesOrAliases, CancellationToken cancel = default)
    {
        var names = Closure(namesOrAliases);
        return await Task.WhenAll(names.Select(async name =>
            new KernelModule(name, await UncompressedAsync(_index.PathOf(name), cancel).ConfigureAwait(false)))).ConfigureAwait(false);
    }

    IReadOnlyList<string> Meaning(string nameOrAlias)
    {
        var name = ModuleIndex.Plain(nameOrAlias);
        return _index.IsModule(name) || _index.IsBuiltIn(name) ? [name] : _index.ByAlias(nameOrAlias);
    }

    // A module seen before is loaded or being loaded, which is also how a cycle of soft dependencies ends.
    void Visit(string module, List<string> order, HashSet<string> seen)
    {
        if (!_index.IsModule(module) || !seen.Add(module)) return;
        foreach (var before in Prerequisites(module)) Visit(before, order, seen);
        order.Add(module);
        foreach (var after in _index.LoadAfter(module).SelectMany(Meaning)) Visit(after, order, seen);
    }

    void VisitBefore(string module, List<string> order, HashSet<string> seen)
    {
        foreach (var before in Prerequisites(module).Where(before => _index.IsModule(before) && seen.Add(before)))
        {
            VisitBefore(before, order, seen);
            order.Add(before);
        }
    }

    IEnumerable<string> Prerequisites(string module) => _index.LoadBefore(module).SelectMany(Meaning).Concat(_index.Needs(module).Reverse());

    ToolchainException NotFound(string wanted) => new(ToolchainProblem.ModuleNotFound,
        $"The kernel {_kernel} has no module '{wanted}', neither as a file nor built in. Near names it has: " +
        $"{string.Join(", ", Nearest.To(ModuleIndex.Plain(wanted), _index.Names))}. A '-cloud' kernel has few hardware drivers: try the one without.");

    async Task<string> UncompressedAsync(string path, CancellationToken cancel)
    {
        if (path.EndsWith(".ko", StringComparison.Ordinal)) return path;
        var file = new FileInfo(path);
        if (!file.Exists)
            throw new ToolchainException(ToolchainProblem.BadFile, $"modules.dep of {_kernel} names {path}, which is not there. Run depmod, or install the modules anew.");
        var identity = Encoding.UTF8.GetBytes($"{path}\n{file.Length}\n{file.LastWriteTimeUtc.Ticks}");
        var key = Convert.ToHexStringLower(SHA256.HashData(identity))[..16];
        var name = ModuleIndex.NameOf(path) + ".ko";
        var entry = await _cache.EntryAsync($"modules/{key}", async staging =>
        {
            var image = await File.ReadAllBytesAsync(path, cancel).ConfigureAwait(false);
            var tools = await _tools(cancel).ConfigureAwait(false);
            await tools.DecompressAsync(CompressionMagic.Of(image), image, Path.Combine(staging, name), path, cancel).ConfigureAwait(false);
        }, cancel).ConfigureAwait(false);
        return Path.Combine(entry, name);
    }
}
