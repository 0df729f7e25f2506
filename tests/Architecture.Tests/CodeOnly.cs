using System.Text;

namespace Understudy.Architecture.Tests;

/// <summary>C# without its comments and the text of its strings; what stands in the holes of interpolated strings is code and stays.
/// Line breaks stay, so that line numbers hold.</summary>
sealed class CodeOnly
{
    readonly string _source;
    readonly StringBuilder _code = new();
    int _at;

    CodeOnly(string source) => _source = source;

    public static string Of(string source)
    {
        var reader = new CodeOnly(source);
        reader.Code(inHole: false);
        return reader._code.ToString();
    }

    char Here => _at < _source.Length ? _source[_at] : '\0';

    bool Ahead(string text) => string.CompareOrdinal(_source, _at, text, 0, text.Length) == 0;

    void Code(bool inHole)
    {
        for (var depth = 0; _at < _source.Length;)
        {
            if (Ahead("//")) SkipTo("\n", keepEnd: true);
            else if (Ahead("/*")) SkipTo("*/", keepEnd: false);
            else if (Here == '\'') Character();
            else if (StringStart() is { } prefix) Text(prefix);
            else
            {
                if (Here is '{' or '(' or '[') depth++;
                if (Here is '}' or ')' or ']' && --depth < 0 && inHole) return;
                _code.Append(_source[_at++]);
            }
        }
    }

    void SkipTo(string end, bool keepEnd)
    {
        var found = _source.IndexOf(end, _at + 2, StringComparison.Ordinal);
        var stop = found < 0 ? _source.Length : keepEnd ? found : found + end.Length;
        while (_at < stop) Drop();
    }

    void Character()
    {
        _at += _source[_at + 1] == '\\' ? 3 : 1;
        while (Here is not ('\'' or '\0')) _at++;
        _at++;
    }

    /// <summary>The $ and @ in front of a string that starts here, or null.</summary>
    string? StringStart()
    {
        var quote = _at;
        while (quote < _source.Length && _source[quote] is '$' or '@') quote++;
        return quote < _source.Length && _source[quote] == '"' ? _source[_at..quote] : null;
    }

    void Text(string prefix)
    {
        _at += prefix.Length;
        var quotes = 0;
        while (_at + quotes < _source.Length && _source[_at + quotes] == '"') quotes++;
        if (quotes == 2)
        {
            _at += 2;
            return;
        }
        var raw = quotes >= 3;
        var end = new string('"', raw ? quotes : 1);
        var hole = prefix.Count(c => c == '$');
        _at += end.Length;
        while (_at < _source.Length && !Ahead(end))
        {
            if (hole > 0 && Ahead(new string('{', raw ? hole : 2)) && !raw) _at += 2;
            else if (hole > 0 && Ahead(new string('{', hole))) Hole(hole);
            else if (!raw && prefix.Contains('@', StringComparison.Ordinal) && Ahead("\"\"")) _at += 2;
            else if (!raw && !prefix.Contains('@', StringComparison.Ordinal) && Here == '\\') _at += 2;
            else Drop();
            if (!raw && prefix.Contains('@', StringComparison.Ordinal)) while (Ahead("\"\"")) _at += 2;
        }
        _at += end.Length;
        _code.Append("\"\"");
    }

    void Hole(int braces)
    {
        _at += braces;
        _code.Append(' ');
        Code(inHole: true);
        _code.Append(' ');
        _at += braces;
    }

    void Drop()
    {
        if (Here == '\n') _code.Append('\n');
        _at++;
    }
}
