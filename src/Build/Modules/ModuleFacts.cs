using System.Buffers.Binary;
using System.Text;
using Understudy.Toolchain;

namespace Understudy.Build;

/// <summary>What a module says of itself: its section <c>.modinfo</c> (include/linux/moduleparam.h).</summary>
/// <param name="Name">Its name as <c>lsmod</c> shows it.</param>
/// <param name="Release">The kernel release it was built for: the first word of its vermagic.</param>
/// <param name="Depends">The modules it needs.</param>
/// <param name="Parameters">The parameters it takes.</param>
public sealed record ModuleFacts(string Name, string Release, IReadOnlyList<string> Depends, IReadOnlyList<string> Parameters)
{
    /// <summary>Reads an uncompressed <c>.ko</c>.</summary>
    /// <exception cref="ToolchainException">It is not there, or no module.</exception>
    public static ModuleFacts Read(string path)
    {
        if (!File.Exists(path)) throw new ToolchainException(ToolchainProblem.BadFile, $"There is no module {path}.");
        var fields = Fields(File.ReadAllBytes(path)) ?? throw new ToolchainException(ToolchainProblem.BadFile, $"{path} is no kernel module: it is no 64-bit ELF file with a section .modinfo. Give an uncompressed .ko, or its source directory.");
        string First(string name) => fields.FirstOrDefault(field => field.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..] ?? "";
        return new ModuleFacts(First("name") is { Length: > 0 } name ? name : Path.GetFileNameWithoutExtension(path).Replace('-', '_'), First("vermagic").Split(' ')[0],
            First("depends").Split(',', StringSplitOptions.RemoveEmptyEntries),
            [.. fields.Where(field => field.StartsWith("parmtype=", StringComparison.Ordinal)).Select(field => field["parmtype=".Length..].Split(':')[0])]);
    }

    /// <summary>Refuses a module built for another kernel.</summary>
    /// <exception cref="BuildFailedException">It was; the message says for which, and how to build it for this one.</exception>
    public void RequireFor(Kernel kernel, string path)
    {
        if (Release == kernel.Release || kernel.Release.Length == 0) return;
        throw new BuildFailedException($"{path} is built for kernel {(Release.Length > 0 ? Release : "none it names")}, and this is {kernel.Name} ({kernel.Release}). " +
            $"Build it from its sources: understudy build module {Path.GetDirectoryName(path)} --kernel {kernel.Name}; or name the source directory instead of the file.");
    }

    // elf(5), section headers: name at 0, offset at 0x18, size at 0x20.
    static List<string>? Fields(ReadOnlySpan<byte> image)
    {
        if (image.Length < 0x40 || !image.StartsWith("\u007fELF\u0002\u0001"u8)) return null;
        var (table, entry, count, names) = (Long(image, 0x28), Short(image, 0x3A), Short(image, 0x3C), Short(image, 0x3E));
        if (table < 0 || entry < 0x40 || names >= count || table + (long)entry * count > image.Length) return null;
        var strings = Section(image, table + entry * names);
        for (var index = 0; index < count; index++)
        {
            var header = (int)table + entry * index;
            var name = BinaryPrimitives.ReadUInt32LittleEndian(image[header..]);
            if (name < strings.Length && strings[(int)name..].StartsWith(".modinfo\0"u8))
                return [.. Encoding.UTF8.GetString(Section(image, header)).Split('\0', StringSplitOptions.RemoveEmptyEntries)];
        }
        return null;
    }

    static ReadOnlySpan<byte> Section(ReadOnlySpan<byte> image, long header)
    {
        var (offset, size) = (Long(image, (int)header + 0x18), Long(image, (int)header + 0x20));
        return offset < 0 || size < 0 || offset > image.Length || size > image.Length - offset ? [] : image.Slice((int)offset, (int)size);
    }

    static long Long(ReadOnlySpan<byte> image, int at) => BinaryPrimitives.ReadInt64LittleEndian(image[at..]);

    static int Short(ReadOnlySpan<byte> image, int at) => BinaryPrimitives.ReadUInt16LittleEndian(image[at..]);
}
