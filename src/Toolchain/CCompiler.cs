using System.Security.Cryptography;
using System.Text;

namespace Understudy.Toolchain;

/// <summary>Compiles C into small static executables for the guest, with tcc and musl. Each set of sources, and of headers beside them, is
/// compiled once.</summary>
sealed class CCompiler(UnderstudyCache cache)
{
    public async Task<string> CompileAsync(IReadOnlyList<string> sources, Func<CancellationToken, Task<Tools>> tools, CancellationToken cancel)
    {
        var missing = sources.FirstOrDefault(source => !File.Exists(source));
        if (missing is not null || sources.Count == 0)
            throw new ToolchainException(ToolchainProblem.BadFile, $"There is no C source {missing ?? "given"} to compile.");
        var kit = await tools(cancel).ConfigureAwait(false);
        var name = Path.GetFileNameWithoutExtension(sources[0]);
        var entry = await cache.EntryAsync($"compiled/{name}-{Key(sources, kit)}", async staging =>
        {
            var command = Command(kit.Prefix, sources, Path.Combine(staging, name));
            await HostProcess.RequireAsync(command, $"compiling {sources[0]}", cancel).ConfigureAwait(false);
        }, cancel).ConfigureAwait(false);
        return Path.Combine(entry, name);
    }

    static string Key(IReadOnlyList<string> sources, Tools tools)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(tools.Prefix.Stamp.Key));
        foreach (var source in WithHeaders(sources))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"\n{Path.GetFileName(source)}\n"));
            hash.AppendData(SHA256.HashData(File.ReadAllBytes(source)));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }

    // Those that are there under the name in quotes; a system's own are the compiler's.
    static List<string> WithHeaders(IReadOnlyList<string> sources)
    {
        var files = new List<string>(sources);
        for (var at = 0; at < files.Count; at++)
            foreach (var name in QuotedIncludes.In(files[at]))
                if (Path.GetFullPath(name, Path.GetDirectoryName(Path.GetFullPath(files[at]))!) is var header && File.Exists(header) && !files.Contains(header))
                    files.Add(header);
        return files;
    }

    // tcc's own headers first, musl's next, the kernel's last: each hides what the later ones have of the same name.
    static HostCommand Command(Prefix prefix, IReadOnlyList<string> sources, string output)
    {
        var tcc = Path.Combine(prefix.Library, "tcc");
        var musl = prefix.At("usr/lib/x86_64-linux-musl");
        return prefix.Command("usr/bin/tcc",
        [
            $"-B{tcc}", "-nostdinc", "-nostdlib", "-static", "-Wall", "-Werror",
            $"-I{tcc}/include", $"-I{prefix.At("usr/include/x86_64-linux-musl")}", $"-I{prefix.At("usr/include")}", $"-I{prefix.At("usr/include/x86_64-linux-gnu")}",
            "-o", output, $"{musl}/crt1.o", $"{musl}/crti.o",
            .. sources.Where(source => Path.GetExtension(source) == ".c"),
            $"{musl}/libc.a", $"{tcc}/libtcc1.a", $"{musl}/crtn.o",
        ]);
    }
}
