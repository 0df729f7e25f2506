using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Understudy.Verdict;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectRequiredConstructorParameters = false)]
[JsonSerializable(typeof(RunInfo))]
[JsonSerializable(typeof(StepRecord))]
[JsonSerializable(typeof(KernelRecord))]
[JsonSerializable(typeof(TraceRecord))]
[JsonSerializable(typeof(Finding))]
[JsonSerializable(typeof(VerdictFile))]
[JsonSerializable(typeof(Coverage))]
sealed partial class RunJson : JsonSerializerContext
{
    // Files are read by people: text stays text. Nothing here is ever pasted into a page.
    static readonly JavaScriptEncoder Readable = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    public static readonly JsonWriterOptions OneLine = new() { Encoder = Readable };
    public static readonly JsonWriterOptions Pretty = new() { Encoder = Readable, Indented = true };
}

/// <summary>The content of <c>verdict.json</c>.</summary>
sealed record VerdictFile(int Schema, Outcome Outcome, string Reason, IReadOnlyList<string> Evidence, double EndedSeconds);

/// <summary>Enum members in files are words in camel case; numbers are refused.</summary>
sealed class CamelCase<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.CamelCase, allowIntegerValues: false) where T : struct, Enum;
