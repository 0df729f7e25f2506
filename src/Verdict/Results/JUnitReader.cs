using System.Globalization;
using System.Text;
using System.Xml;

namespace Understudy.Verdict.Results;

/// <summary>Reads a JUnit document that stands in an output. It is read to where it stops; no document type, no entity, no file.</summary>
sealed class JUnitReader(ResultList results)
{
    const int MostCharacters = 16 << 20;

    static readonly XmlReaderSettings Safe = new()
    {
        DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = MostCharacters, IgnoreComments = true,
        IgnoreProcessingInstructions = true,
    };

    readonly StringBuilder _document = new();
    bool _inside, _rooted, _many;
    int _open;

    public bool TryRead(string text)
    {
        _inside = _inside || Starts(text);
        if (!_inside) return false;
        if (_document.Length + text.Length < MostCharacters) _document.Append(text).Append('\n');
        if (!_rooted && Count(text, "<testsuite") > 0) (_rooted, _many) = (true, Count(text, "<testsuites") > 0);
        _open += Count(text, "<testsuite ") + Count(text, "<testsuite>") - Count(text, "</testsuite>");
        var ends = _many ? Count(text, "</testsuites>") > 0 : _open <= 0 && Count(text, "</testsuite>") > 0;
        if (_rooted && ends) End();
        return true;
    }

    public void End()
    {
        if (!_inside) return;
        var document = _document.ToString();
        _document.Clear();
        (_inside, _rooted, _many, _open) = (false, false, false, 0);
        Read(document);
    }

    static bool Starts(string text)
    {
        var start = text.AsSpan().TrimStart();
        return start.StartsWith("<?xml ") || start.StartsWith("<!DOCTYPE testsuite") || start.StartsWith("<testsuite");
    }

    static int Count(string text, string tag)
    {
        var count = 0;
        for (var at = text.IndexOf(tag, StringComparison.Ordinal); at >= 0; at = text.IndexOf(tag, at + 1, StringComparison.Ordinal)) count++;
        return count;
    }

    void Read(string document)
    {
        var suites = new Stack<(string Name, int? Promised, int Came)>();
        try
        {
            using var xml = XmlReader.Create(new StringReader(document.TrimStart()), Safe);
            while (xml.Read())
            {
                if (xml is { NodeType: XmlNodeType.Element, Name: "testsuite" }) Begin(xml, suites);
                else if (xml is { NodeType: XmlNodeType.EndElement, Name: "testsuite" }) Finish(suites);
                else if (xml is { NodeType: XmlNodeType.Element, Name: "testcase" }) Case(xml, suites);
            }
        }
        catch (XmlException error)
        {
            results.Add("(JUnit)", Outcome.Error, document.Contains("<!DOCTYPE", StringComparison.Ordinal)
                ? "the document has a document type of its own, which is not read"
                : $"the document cannot be read beyond line {error.LineNumber}");
            while (suites.Count > 0) Finish(suites);
        }
    }

    void Begin(XmlReader xml, Stack<(string, int?, int)> suites)
    {
        int? promised = int.TryParse(xml.GetAttribute("tests"), NumberStyles.None, CultureInfo.InvariantCulture, out var tests) ? tests : null;
        suites.Push((xml.GetAttribute("name") ?? "", promised, 0));
        if (xml.IsEmptyElement) Finish(suites);
    }

    // A suite's number includes those of the suites in it.
    void Finish(Stack<(string Name, int? Promised, int Came)> suites)
    {
        var (name, promised, came) = suites.Pop();
        if (promised is { } count && count != came)
            results.Add(name.Length > 0 ? name : "(suite)", Outcome.Error, $"the suite promised {count} results and {came} came");
        if (suites.TryPop(out var around)) suites.Push(around with { Came = around.Came + came });
    }

    void Case(XmlReader xml, Stack<(string Name, int? Promised, int Came)> suites)
    {
        var around = xml.GetAttribute("classname") ?? (suites.TryPeek(out var suite) ? suite.Name : null);
        var name = xml.GetAttribute("name") ?? "(no name)";
        name = string.IsNullOrEmpty(around) ? name : $"{around}/{name}";
        var (outcome, reason, lines) = xml.IsEmptyElement ? (Outcome.Pass, null, []) : Body(xml);
        results.Add(ConsoleText.Visible(name), outcome, reason, lines);
        if (suites.TryPop(out var top)) suites.Push(top with { Came = top.Came + 1 });
    }

    static (Outcome, string?, IEnumerable<string>) Body(XmlReader xml)
    {
        var (outcome, reason, text) = (Outcome.Pass, (string?)null, "");
        var depth = xml.Depth;
        while (xml.Read() && xml.Depth > depth)
        {
            if (xml.NodeType == XmlNodeType.Element && Meaning(xml.Name) is { } told && (outcome == Outcome.Pass || told.Rank() < outcome.Rank()))
                (outcome, reason, text) = (told, xml.GetAttribute("message"), "");
            else if (xml.NodeType is XmlNodeType.Text or XmlNodeType.CDATA && outcome != Outcome.Pass && text.Length == 0) text = xml.Value;
        }
        var lines = text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return (outcome, reason is null ? lines.FirstOrDefault() : ConsoleText.Visible(reason), lines.Select(ConsoleText.Visible));
    }

    static Outcome? Meaning(string element) => element switch
    {
        "failure" => Outcome.Fail,
        "error" => Outcome.Error,
        "skipped" => Outcome.Skip,
        _ => null,
    };
}
