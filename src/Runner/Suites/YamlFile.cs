using System.Globalization;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Understudy.Runner.Suites;

/// <summary>Reads YAML that may have been written by anybody.</summary>
static class YamlFile
{
    const int LongestFile = 1 << 20, Deepest = 64;

    static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The documents of a file.</summary>
    /// <exception cref="YamlException">It is not YAML.</exception>
    /// <exception cref="SettingException">It is too long, too deep or not UTF-8.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be read.</exception>
    public static IList<YamlDocument> Read(string file)
    {
        if (Directory.Exists(file)) throw new SettingException(0, "expected a file, and this is a directory");
        if (new FileInfo(file).Length > LongestFile) throw new SettingException(0, "expected a file of up to 1 MiB");
        var stream = new YamlStream();
        stream.Load(new ShallowParser(new Parser(new StringReader(Text(File.ReadAllBytes(file))))));
        return stream.Documents;
    }

    static string Text(byte[] bytes)
    {
        try
        {
            return s_utf8.GetString(bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? bytes.AsSpan(Encoding.UTF8.Preamble.Length) : bytes);
        }
        catch (DecoderFallbackException)
        {
            var good = 0;
            while (Rune.DecodeFromUtf8(bytes.AsSpan(good), out _, out var length) == System.Buffers.OperationStatus.Done) good += length;
            throw new SettingException(1 + bytes.AsSpan(0, good).Count((byte)'\n'), "expected UTF-8, and this line holds other bytes");
        }
    }

    // The library reads what is nested by calling itself: a file of brackets would end this program.
    sealed class ShallowParser(IParser inner) : IParser
    {
        int _depth;

        public ParsingEvent? Current => inner.Current;

        public bool MoveNext()
        {
            var more = inner.MoveNext();
            if (more) _depth += Current!.NestingIncrease;
            return _depth <= Deepest ? more : throw new SettingException((int)Current!.Start.Line, string.Create(CultureInfo.InvariantCulture, $"expected lists in lists up to {Deepest} deep"));
        }
    }
}
