using System.Globalization;
using System.Text.Json;

namespace Understudy.Verdict.Export;

/// <summary>The layout of TuxRun's <c>results.json</c>: definition, case, then LAVA's result record; <c>lava/job</c> stands for the whole.</summary>
sealed class TuxRunExport : IResultExport
{
    public string Format => "tuxrun";

    public string What => "the layout of TuxRun's results.json";

    public void Write(RunSummary summary, Stream to)
    {
        using var json = new Utf8JsonWriter(to, RunJson.Pretty);
        json.WriteStartObject();
        Job(json, summary);
        var definitions = new HashSet<string> { "lava" };
        foreach (var run in summary.Runs)
        {
            json.WriteStartObject(Unlike(definitions, run.Name));
            var names = new HashSet<string>();
            foreach (var one in ExportCase.Of(run)) Case(json, Unlike(names, one.Name), one);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    static void Job(Utf8JsonWriter json, RunSummary summary)
    {
        json.WriteStartObject("lava");
        json.WriteStartObject("job");
        json.WriteString("result", summary.Outcome is Outcome.Broken or Outcome.Error ? "fail" : "pass");
        if (summary.Outcome is Outcome.Broken) Error(json, "Infrastructure", summary);
        if (summary.Outcome is Outcome.Error) Error(json, "Test", summary);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    static void Error(Utf8JsonWriter json, string type, RunSummary summary)
    {
        json.WriteString("error_type", type);
        json.WriteString("error_msg", summary.Runs.FirstOrDefault(r => (r.Outcome ?? Outcome.Broken) == summary.Outcome) is { } run ? ExportCase.Why(run) : "there is no run");
    }

    static void Case(Utf8JsonWriter json, string name, ExportCase one)
    {
        json.WriteStartObject(name);
        json.WriteString("result", Word(one.Outcome));
        json.WriteString("duration", one.Seconds.ToString("F2", CultureInfo.InvariantCulture));
        if (one.Reason is not null || one.Outcome is not (Outcome.Pass or Outcome.Fail or Outcome.Skip))
        {
            json.WriteStartObject("extra");
            json.WriteString("outcome", one.Outcome.Word());
            if (one.Reason is not null) json.WriteString("reason", one.Reason);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    // LAVA's four words; one that broke says nothing about the driver.
    static string Word(Outcome outcome) => outcome switch
    {
        Outcome.Pass or Outcome.XFail => "pass",
        Outcome.Fail or Outcome.XPass => "fail",
        Outcome.Skip => "skip",
        Outcome.Error or Outcome.Broken => "unknown",
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "no such outcome"),
    };

    static string Unlike(HashSet<string> others, string name)
    {
        var unlike = name;
        for (var i = 2; !others.Add(unlike); i++) unlike = $"{name} ({i})";
        return unlike;
    }
}
