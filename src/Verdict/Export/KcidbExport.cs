using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Understudy.Verdict.Export;

/// <summary>A KCIDB 5.3 report (kcidb-io's schema): a checkout and a build for each kernel, a test for each run and for what is in it.
/// Who submits it fills in what only they know, such as where the kernel's sources came from.</summary>
sealed partial class KcidbExport : IResultExport
{
    const string Origin = "understudy";
    const int LongestExcerpt = 16384;

    public string Format => "kcidb";

    public string What => "KCIDB 5.3, for kernelci.org";

    public void Write(RunSummary summary, Stream to)
    {
        using var json = new Utf8JsonWriter(to, RunJson.Pretty);
        json.WriteStartObject();
        json.WriteStartObject("version");
        json.WriteNumber("major", 5);
        json.WriteNumber("minor", 3);
        json.WriteEndObject();
        var kernels = summary.Runs.Select(r => r.Info.Kernel).DistinctBy(Key).ToList();
        json.WriteStartArray("checkouts");
        foreach (var kernel in kernels) Checkout(json, kernel);
        json.WriteEndArray();
        json.WriteStartArray("builds");
        foreach (var kernel in kernels) Build(json, kernel);
        json.WriteEndArray();
        json.WriteStartArray("tests");
        foreach (var run in summary.Runs) Tests(json, run);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static string Key(KernelFacts? kernel) => kernel is null ? "unknown" : $"{kernel.Release}/{kernel.Sha256 ?? kernel.PackageVersion ?? kernel.Name}";

    static void Begin(Utf8JsonWriter json, string id)
    {
        json.WriteStartObject();
        Text(json, "id", $"{Origin}:{id}");
        json.WriteString("origin", Origin);
    }

    static void Checkout(Utf8JsonWriter json, KernelFacts? kernel)
    {
        Begin(json, Key(kernel));
        if (kernel is not null) Text(json, "comment", kernel.PackageVersion is null ? kernel.Name : $"{kernel.Name}, package {kernel.PackageVersion}");
        json.WriteEndObject();
    }

    static void Build(Utf8JsonWriter json, KernelFacts? kernel)
    {
        Begin(json, Key(kernel));
        Text(json, "checkout_id", $"{Origin}:{Key(kernel)}");
        if (kernel is not null) Text(json, "comment", kernel.Release);
        json.WriteEndObject();
    }

    static void Tests(Utf8JsonWriter json, SummaryRun run)
    {
        var path = Path(run.Test);
        var id = $"{run.Info.Id}/{run.Folder}";
        Test(json, run, id, path, new(run.Name, run.Outcome ?? Outcome.Broken, ExportCase.Why(run), run.Verdict?.Evidence ?? [], 0, run.Seconds));
        var number = 0;
        foreach (var one in ExportCase.Of(run).Where(c => c.Name != "verdict")) Test(json, run, $"{id}/{++number}", $"{path}.{Path(one.Name)}", one);
    }

    static void Test(Utf8JsonWriter json, SummaryRun run, string id, string path, ExportCase one)
    {
        Begin(json, id);
        Text(json, "build_id", $"{Origin}:{Key(run.Info.Kernel)}");
        json.WriteString("path", path);
        Text(json, "comment", one.Name);
        json.WriteString("status", Status(one.Outcome));
        json.WriteString("start_time", run.StartedUtc.AddSeconds(one.StartedSeconds).ToString("yyyy-MM-ddTHH:mm:ss.ffffffzzz", CultureInfo.InvariantCulture));
        json.WriteNumber("duration", Math.Round(one.Seconds, 6));
        if (one.Lines.Count > 0) Text(json, "log_excerpt", Excerpt(string.Join('\n', one.Lines) + "\n"));
        Environment(json, run.Info);
        json.WriteStartObject("misc");
        Text(json, "outcome", one.Outcome.Word());
        if (one.Reason is not null) Text(json, "reason", one.Reason);
        Text(json, "reproduce", run.Info.Command);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    static void Environment(Utf8JsonWriter json, RunInfo info)
    {
        json.WriteStartObject("environment");
        Text(json, "comment", string.Join(", ", new[] { info.Board, info.Qemu is { } q ? $"QEMU {q.Version}" : null, info.Accelerator?.Name }.OfType<string>()));
        json.WriteEndObject();
    }

    // An expected failure says what KTAP says of it: ok.
    static string Status(Outcome outcome) => outcome switch
    {
        Outcome.Pass or Outcome.XFail => "PASS",
        Outcome.Fail or Outcome.XPass => "FAIL",
        Outcome.Skip => "SKIP",
        Outcome.Error => "ERROR",
        Outcome.Broken => "MISS",
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "no such outcome"),
    };

    // Words of letters, digits, - and _ with dots between them; ours are parted by slashes.
    static string Path(string name)
    {
        var words = name.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(w => Unfit().Replace(w, "_").Trim('_')).Where(w => w.Length > 0);
        var path = string.Join('.', words);
        return path.Length > 0 ? path : "unnamed";
    }

    // The limit counts code points; UTF-16 units are never fewer. Half a pair would not survive.
    static string Excerpt(string text)
    {
        if (text.Length <= LongestExcerpt) return text;
        var end = char.IsHighSurrogate(text[LongestExcerpt - 1]) ? LongestExcerpt - 1 : LongestExcerpt;
        return text[..end];
    }

    static void Text(Utf8JsonWriter json, string name, string value) => json.WriteString(name, value.Replace('\0', '\uFFFD'));

    [GeneratedRegex("[^a-zA-Z0-9_-]+")]
    private static partial Regex Unfit();
}
