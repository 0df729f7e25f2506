using System.Security.Cryptography;
using System.Text;
using Understudy.Toolchain;

namespace Understudy.Build;

/// <summary>Builds kernels: the same inputs once, and whoever asks for them again is answered at once. Several threads and processes may ask
/// for the same: one builds, the others wait. A build that was killed goes on where it stopped.</summary>
/// <param name="toolbox">Where sources and compilers come from.</param>
public sealed class KernelBuilder(Toolbox toolbox)
{
    const string Shelf = "kernel-builds", WorkShelf = "kernel-work";
    const string Format = "1";
    const int MostWorks = 3;
    const long SpaceForBuild = 1L << 30;

    /// <summary>Builds a kernel, or finds it built.</summary>
    /// <param name="recipe">What it is built from.</param>
    /// <param name="says">Told, in words, what is being done.</param>
    /// <param name="builds">Told each line make says.</param>
    /// <param name="cancel">Ends make; the next build of the same goes on from there.</param>
    /// <exception cref="BuildFailedException">The sources do not compile, or the configuration cannot be made.</exception>
    /// <exception cref="ToolchainException">A name means nothing, something cannot be fetched, or the disk is full.</exception>
    public async Task<KernelBuild> BuildAsync(KernelRecipe recipe, Action<string>? says = null, Action<string>? builds = null, CancellationToken cancel = default)
    {
        says ??= _ => { };
        var order = await OrderAsync(recipe, says, cancel).ConfigureAwait(false);
        var wasKnown = true;
        var entry = await toolbox.Cache.EntryAsync($"{Shelf}/{Hash(order.Inputs)}", async staging =>
        {
            wasKnown = false;
            var work = $"{WorkShelf}/{Hash($"{order.Tree.Directory}\n{order.Inputs}")}";
            using var held = await toolbox.Cache.LockAsync(work, cancel).ConfigureAwait(false);
            toolbox.Cache.RequireSpace(SpaceForBuild, "building a kernel");
            var build = new KernelMake(recipe, order.Architecture, order.Targets, order.Tools, order.Tree, order.Config, toolbox.Cache.PathOf(work), toolbox.Cache.PathOf(Shelf, Hash(order.Inputs)), says, builds);
            await build.RunAsync(staging, cancel).ConfigureAwait(false);
        }, cancel, () => says("waiting: another run is building the same")).ConfigureAwait(false);
        if (!wasKnown) toolbox.Cache.Trim(WorkShelf, MostWorks);
        return BuildMetadata.Read(entry, wasKnown);
    }

    /// <summary>A kernel was built from these inputs, so that <see cref="BuildAsync"/> answers at once.</summary>
    /// <exception cref="ToolchainException">A name means nothing, or something cannot be fetched.</exception>
    public async Task<bool> IsBuiltAsync(KernelRecipe recipe, CancellationToken cancel = default)
        => Directory.Exists(toolbox.Cache.PathOf(Shelf, Hash((await OrderAsync(recipe, _ => { }, cancel).ConfigureAwait(false)).Inputs)));

    async Task<Order> OrderAsync(KernelRecipe recipe, Action<string> says, CancellationToken cancel)
    {
        var architecture = Architecture.Named(recipe.Architecture);
        var targets = KernelTarget.For(recipe.Targets);
        var tools = await BuildTools.OpenAsync(toolbox, recipe, architecture, says, cancel).ConfigureAwait(false);
        var tree = await new SourceTrees(toolbox).OpenAsync(recipe, says, cancel).ConfigureAwait(false);
        var config = await KernelConfig.ReadAsync(recipe.Config, tree.Directory, architecture, () => DebiansConfigAsync(recipe.Source, cancel)).ConfigureAwait(false);
        var inputs = string.Join('\n', [Format, tree.Id, architecture.Name, tools.Compiler.Command, tools.Compiler.Version, tools.Identity, config.Key, .. targets.Select(target => target.Name), .. recipe.MakeVariables]);
        return new Order(architecture, targets, tools, tree, config, inputs);
    }

    // All a recipe's words have been found to mean; the inputs tell it from others.
    sealed record Order(Architecture Architecture, IReadOnlyList<KernelTarget> Targets, BuildTools Tools, SourceTree Tree, KernelConfig Config, string Inputs);

    async Task<string> DebiansConfigAsync(string source, CancellationToken cancel)
    {
        if (!source.StartsWith("debian:", StringComparison.Ordinal)) throw new ToolchainException(ToolchainProblem.UnknownName, $"Debian's configuration goes with Debian's sources (debian:7.2), not with {source}. Give a configuration file instead.");
        var kernel = await toolbox.Kernels.EnsureAsync(source, cancel).ConfigureAwait(false);
        var headers = await toolbox.HeadersAsync(kernel, cancel).ConfigureAwait(false);
        // The key Debian signs with is not ours to have.
        return await File.ReadAllTextAsync(Path.Combine(headers.Directory, ".config"), cancel).ConfigureAwait(false) + "CONFIG_SYSTEM_TRUSTED_KEYS=\"\"\n# CONFIG_MODULE_SIG_ALL is not set\n";
    }

    static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
}
