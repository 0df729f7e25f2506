using System.Security.Cryptography;
using System.Text;

namespace Understudy.Toolchain;

/// <summary>Opens module trees; where nobody ran depmod yet, its output is made in the cache and the user's directory left alone.</summary>
sealed class ModuleShelf(UnderstudyCache cache, Func<CancellationToken, Task<Tools>> tools)
{
    public async Task<ModuleTree> OpenAsync(Kernel kernel, CancellationToken cancel)
    {
        var files = kernel.ModulesDirectory ?? throw new ToolchainException(ToolchainProblem.ModuleNotFound,
            $"The kernel {kernel.Name} was given without modules. Name their directory with --modules.");
        var index = File.Exists(Path.Combine(files, "modules.dep")) ? files : await IndexAsync(files, cancel).ConfigureAwait(false);
        return new ModuleTree($"{kernel.Name} ({kernel.Release})", new ModuleIndex(files, index), cache, tools);
    }

    async Task<string> IndexAsync(string files, CancellationToken cancel)
    {
        const string release = "0.0"; // depmod wants a number; the tree itself is not named by it
        var newest = Directory.EnumerateFiles(files, "*.ko*", SearchOption.AllDirectories)
            .Select(File.GetLastWriteTimeUtc).DefaultIfEmpty().Max();
        var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{files}\n{newest.Ticks}")))[..16];
        var entry = await cache.EntryAsync($"depmod/{key}", async staging =>
        {
            var linked = Path.Combine(staging, "linked", "lib/modules");
            Directory.CreateDirectory(linked);
            File.CreateSymbolicLink(Path.Combine(linked, release), files);
            var programs = await tools(cancel).ConfigureAwait(false);
            await programs.DepmodAsync(Path.Combine(staging, "linked"), release, staging, cancel).ConfigureAwait(false);
        }, cancel).ConfigureAwait(false);
        return Path.Combine(entry, "lib/modules", release);
    }
}
