using System.Globalization;
using System.Text;
using System.Xml;

namespace Understudy.Verdict.Export;

/// <summary>JUnit XML as CI servers read it: a suite for each run, a case for each of its steps.</summary>
sealed class JUnitExport : IResultExport
{
    static readonly XmlWriterSettings Settings = new() { Indent = true, Encoding = new UTF8Encoding(false), CloseOutput = false, NewLineChars = "\n" };

    public string Format => "junit";

    public string What => "JUnit XML, for CI servers";

    public void Write(RunSummary summary, Stream to)
    {
        using var xml = XmlWriter.Create(to, Settings);
        var suites = summary.Runs.Select(r => (Run: r, Cases: ExportCase.Of(r))).ToList();
        xml.WriteStartElement("testsuites");
        xml.WriteAttributeString("name", "understudy");
        Counts(xml, [.. suites.SelectMany(s => s.Cases)], summary.Runs.Sum(r => r.Seconds));
        foreach (var (run, cases) in suites) Suite(xml, run, cases);
        xml.WriteEndElement();
    }

    static void Suite(XmlWriter xml, SummaryRun run, IReadOnlyList<ExportCase> cases)
    {
        xml.WriteStartElement("testsuite");
        Attribute(xml, "name", run.Name);
        Attribute(xml, "timestamp", run.StartedUtc.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture));
        Counts(xml, cases, run.Seconds);
        xml.WriteStartElement("properties");
        foreach (var (name, value) in Properties(run)) Property(xml, name, value);
        xml.WriteEndElement();
        foreach (var one in cases) Case(xml, run, one);
        xml.WriteEndElement();
    }

    static IEnumerable<(string, string?)> Properties(SummaryRun run) =>
    [
        ("run", run.Folder), ("reproduce", run.Info.Command), ("seed", run.Info.Seed.ToString(CultureInfo.InvariantCulture)),
        ("kernel", run.Info.Kernel?.Release), ("board", run.Info.Board), ("qemu", run.Info.Qemu?.Version), ("outcome", run.Outcome?.Word()),
        ("reason", ExportCase.Why(run)),
    ];

    static void Property(XmlWriter xml, string name, string? value)
    {
        if (value is null) return;
        xml.WriteStartElement("property");
        Attribute(xml, "name", name);
        Attribute(xml, "value", value);
        xml.WriteEndElement();
    }

    static void Case(XmlWriter xml, SummaryRun run, ExportCase one)
    {
        xml.WriteStartElement("testcase");
        Attribute(xml, "classname", run.Test);
        Attribute(xml, "name", one.Name);
        Attribute(xml, "time", Seconds(one.Seconds));
        if (Element(one.Outcome) is { } element)
        {
            xml.WriteStartElement(element);
            Attribute(xml, "message", one.Reason ?? one.Outcome.Word());
            if (element != "skipped") Attribute(xml, "type", one.Outcome.Word());
            xml.WriteString(Clean(string.Join('\n', one.Lines)));
            xml.WriteEndElement();
        }
        xml.WriteEndElement();
    }

    static void Counts(XmlWriter xml, IReadOnlyList<ExportCase> cases, double seconds)
    {
        Attribute(xml, "tests", cases.Count.ToString(CultureInfo.InvariantCulture));
        foreach (var (name, element) in (ReadOnlySpan<(string, string)>)[("failures", "failure"), ("errors", "error"), ("skipped", "skipped")])
            Attribute(xml, name, cases.Count(c => Element(c.Outcome) == element).ToString(CultureInfo.InvariantCulture));
        Attribute(xml, "time", Seconds(seconds));
    }

    // JUnit knows no expected failure: pytest and others write one as skipped.
    static string? Element(Outcome outcome) => outcome switch
    {
        Outcome.Pass => null,
        Outcome.Fail or Outcome.XPass => "failure",
        Outcome.Error or Outcome.Broken => "error",
        Outcome.Skip or Outcome.XFail => "skipped",
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "no such outcome"),
    };

    static void Attribute(XmlWriter xml, string name, string value) => xml.WriteAttributeString(name, Clean(value));

    static string Seconds(double seconds) => seconds.ToString("F3", CultureInfo.InvariantCulture);

    // XML 1.0 has no way to say most control characters, nor half a surrogate pair.
    static string Clean(string text)
    {
        var clean = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (XmlConvert.IsXmlChar(text[i])) clean.Append(text[i]);
            else if (i + 1 < text.Length && XmlConvert.IsXmlSurrogatePair(text[i + 1], text[i])) clean.Append(text, i++, 2);
            else clean.Append('\uFFFD');
        }
        return clean.ToString();
    }
}
