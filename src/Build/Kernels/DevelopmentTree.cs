namespace Understudy.Build;

/// <summary>What external modules are built against, kept beside a kernel: of its build tree, the generated headers, the build tools and the
/// symbols, as Debian's linux-headers packages have them. The sources stay where they are.</summary>
static class DevelopmentTree
{
    const string Name = "devel";

    static readonly string[] s_parts = ["scripts", "include", "tools/objtool/objtool", "tools/bpf/resolve_btfids/resolve_btfids", "certs/extract-cert"];
    static readonly string[] s_files = [".config", "Module.symvers", "System.map"];

    /// <param name="build">The build tree.</param>
    /// <param name="sources">The sources it was built from.</param>
    /// <param name="staging">Where it is put now.</param>
    /// <param name="home">Where it will be found.</param>
    /// <param name="architecture">Of the kernel.</param>
    /// <param name="tools">What the kernel was built with.</param>
    /// <param name="release">The kernel's release.</param>
    public static void Make(string build, string sources, string staging, string home, Architecture architecture, BuildTools tools, string release)
    {
        var devel = Path.Combine(staging, Name);
        Directory.CreateDirectory(devel);
        foreach (var file in s_files.Where(file => File.Exists(Path.Combine(build, file)))) File.Copy(Path.Combine(build, file), Path.Combine(devel, file));
        var generated = Directory.EnumerateDirectories(Path.Combine(build, "arch"), "generated", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(build, path));
        foreach (var part in s_parts.Concat(generated)) Copy(Path.Combine(build, part), Path.Combine(devel, part));
        var clang = tools.Variables.FirstOrDefault(variable => variable.StartsWith("LLVM=", StringComparison.Ordinal)) is { } llvm ? $"export LLVM := {llvm[5..]}\n" : "";
        File.WriteAllText(Path.Combine(devel, "Makefile"), $"export KBUILD_OUTPUT := {home}/{Name}\nexport ARCH := {architecture.Make}\n{clang}include {sources}/Makefile\n");
        var modules = Path.Combine(staging, "lib/modules", release);
        Directory.CreateDirectory(Path.Combine(modules, "kernel"));
        foreach (var link in (string[])["build", "source"]) File.Delete(Path.Combine(modules, link));
        File.CreateSymbolicLink(Path.Combine(modules, "build"), $"{home}/{Name}");
    }

    static void Copy(string from, string to)
    {
        if (File.Exists(from)) CopyFile(from, to);
        if (!Directory.Exists(from)) return;
        foreach (var file in Directory.EnumerateFiles(from, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }))
            if (!file.EndsWith(".o", StringComparison.Ordinal) && !file.EndsWith(".cmd", StringComparison.Ordinal) && !file.EndsWith(".a", StringComparison.Ordinal)) CopyFile(file, Path.Combine(to, Path.GetRelativePath(from, file)));
    }

    static void CopyFile(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        File.Copy(from, to);
    }
}
