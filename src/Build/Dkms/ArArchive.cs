using System.Globalization;
using System.Text;

namespace Understudy.Build;

/// <summary>An ar archive, as deb(5) has it: members of even length with a header of 60 characters.</summary>
sealed class ArArchive : IDisposable
{
    readonly Stream _output;

    public ArArchive(Stream output)
    {
        _output = output;
        _output.Write("!<arch>\n"u8);
    }

    public void Add(string name, ReadOnlySpan<byte> content)
    {
        _output.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{name,-16}{0,-12}{0,-6}{0,-6}{"100644",-8}{content.Length,-10}`\n")));
        _output.Write(content);
        if (content.Length % 2 != 0) _output.WriteByte((byte)'\n');
    }

    public void Dispose() => _output.Flush();
}
