using System.Buffers.Binary;

namespace Understudy.Toolchain;

/// <summary>
/// Makes the programs of unpacked packages run on a host whose C library is another one, called by whomever: each becomes a script
/// that starts it through the loader and libraries unpacked beside it.
/// </summary>
static class OwnLoader
{
    const string Suffix = ".elf";
    const uint InterpreterSegment = 3;
    const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    static readonly string[] s_libraries = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"];

    /// <param name="unpacked">Where the packages are now.</param>
    /// <param name="home">Where they will be found.</param>
    public static void Arrange(string unpacked, string home)
    {
        MergeUsr(unpacked);
        var libraries = s_libraries.Where(path => Directory.Exists(Path.Combine(unpacked, path))).Select(path => Path.Combine(home, path)).ToList();
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
        foreach (var program in Directory.EnumerateFiles(unpacked, "*", options).Where(IsDynamicProgram).ToList())
            Wrap(program, Path.Combine(home, Path.GetRelativePath(unpacked, program)), string.Join(':', libraries));
    }

    // Linker scripts name libraries below /lib, which Debian's own systems have merged into /usr/lib.
    static void MergeUsr(string root)
    {
        foreach (var name in (string[])["lib", "lib64"])
            if (!Directory.Exists(Path.Combine(root, name)) && Directory.Exists(Path.Combine(root, "usr/lib"))) File.CreateSymbolicLink(Path.Combine(root, name), name == "lib" ? "usr/lib" : "usr/lib/x86_64-linux-gnu");
    }

    static bool IsDynamicProgram(string path)
    {
        if ((File.GetUnixFileMode(path) & AnyExecute) == 0 || Path.GetFileName(path).StartsWith("ld-linux", StringComparison.Ordinal) || path.Contains(".so", StringComparison.Ordinal)) return false;
        using var file = File.OpenRead(path);
        Span<byte> header = stackalloc byte[4096];
        return HasInterpreter(header[..file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false)]);
    }

    // elf(5): the program headers of an executable follow its file header.
    static bool HasInterpreter(ReadOnlySpan<byte> image)
    {
        if (!ElfKernel.IsElf(image)) return false;
        var table = BinaryPrimitives.ReadUInt64LittleEndian(image[0x20..]);
        var (size, count) = (BinaryPrimitives.ReadUInt16LittleEndian(image[0x36..]), BinaryPrimitives.ReadUInt16LittleEndian(image[0x38..]));
        for (var i = 0UL; i < count && table + (i + 1) * size <= (ulong)image.Length; i++)
            if (BinaryPrimitives.ReadUInt32LittleEndian(image[(int)(table + i * size)..]) == InterpreterSegment) return true;
        return false;
    }

    static void Wrap(string program, string home, string libraries)
    {
        var mode = File.GetUnixFileMode(program);
        File.Move(program, program + Suffix);
        var loader = Path.Combine(libraries.Split(':')[0], "ld-linux-x86-64.so.2");
        File.WriteAllText(program, $"#!/bin/sh\nexec '{loader}' --library-path '{libraries}' --argv0 \"$0\" '{home}{Suffix}' \"$@\"\n");
        File.SetUnixFileMode(program, mode);
    }
}
