using System.Buffers.Binary;
using System.Text;

namespace Understudy.Runner.Symbols;

/// <summary>A kernel or module with its symbols and debug information: a 64-bit little-endian ELF file (elf(5)).</summary>
sealed class DebugImage
{
    const int HeaderSize = 0x40, SectionSize = 0x40, SymbolSize = 24, Relocatable = 1, SymbolTable = 2, Function = 2;
    const long LongestTable = 256L << 20;

    readonly Dictionary<string, (string Section, ulong Value, ulong Size)> _functions = [];
    readonly bool _relocatable;

    DebugImage(string path, bool relocatable) => (Path, _relocatable) = (path, relocatable);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Reads a file's symbols; null where it is no such file, or has no debug information.</summary>
    public static DebugImage? Open(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return Read(path, file);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // It is there to help; a stack without lines is still a stack.
            return null;
        }
    }

    /// <summary>Where a place in a function is: the section, in a file that is not linked yet, and the address.</summary>
    /// <param name="function">Its name.</param>
    /// <param name="size">Its size, which tells two of one name apart.</param>
    /// <param name="offset">How far into it.</param>
    public (string? Section, ulong Address)? Find(string function, ulong size, ulong offset)
        => _functions.TryGetValue($"{function}/{size}", out var found) || _functions.TryGetValue(function, out found)
            ? (_relocatable ? found.Section : null, found.Value + offset) : null;

    static DebugImage? Read(string path, FileStream file)
    {
        var header = Bytes(file, 0, HeaderSize);
        if (!header.AsSpan().StartsWith("\u007fELF\u0002\u0001"u8)) return null;
        var (count, names) = (Short(header, 0x3C), Short(header, 0x3E));
        var sections = Bytes(file, Long(header, 0x28), (long)count * SectionSize);
        var words = Content(file, sections, names);
        string Name(int index) => Text(words, Int(sections, index * SectionSize));
        if (!Enumerable.Range(0, count).Any(index => Name(index) is ".debug_info" or ".zdebug_info")) return null;
        var image = new DebugImage(path, Short(header, 0x10) == Relocatable);
        for (var index = 0; index < count; index++)
            if (Int(sections, (index * SectionSize) + 4) == SymbolTable)
                image.Take(Content(file, sections, index), Content(file, sections, (int)Int(sections, (index * SectionSize) + 0x28)), section => section < count ? Name(section) : "");
        return image;
    }

    void Take(byte[] symbols, byte[] names, Func<int, string> section)
    {
        for (var at = 0; at + SymbolSize <= symbols.Length; at += SymbolSize)
        {
            if ((symbols[at + 4] & 0xF) != Function) continue;
            var (name, place) = (Text(names, Int(symbols, at)), (section(Short(symbols, at + 6)), (ulong)Long(symbols, at + 8), (ulong)Long(symbols, at + 16)));
            _functions.TryAdd(name, place);
            _functions.TryAdd($"{name}/{place.Item3}", place);
        }
    }

    static byte[] Content(FileStream file, byte[] sections, int index) => Bytes(file, Long(sections, (index * SectionSize) + 0x18), Long(sections, (index * SectionSize) + 0x20));

    static byte[] Bytes(FileStream file, long offset, long length)
    {
        if (offset < 0 || length is < 0 or > LongestTable || offset > file.Length - length) throw new IOException("the file ends too early");
        var bytes = new byte[length];
        file.Position = offset;
        file.ReadExactly(bytes);
        return bytes;
    }

    static string Text(byte[] table, uint at)
    {
        if (at >= table.Length) return "";
        var rest = table.AsSpan((int)at);
        var end = rest.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
    }

    static long Long(byte[] bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at));

    static uint Int(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));

    static int Short(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));
}
