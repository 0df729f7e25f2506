using System.Text.Json;

namespace Understudy.Verdict;

/// <summary>A line of <c>trace.jsonl</c>. The serializer writes the same and takes twice as long, and a run has one for every access.</summary>
static class TraceJson
{
    static readonly JsonEncodedText s_seconds = Name(nameof(TraceRecord.Seconds)), s_deviceNanoseconds = Name(nameof(TraceRecord.DeviceNanoseconds)),
        s_device = Name(nameof(TraceRecord.Device)), s_kind = Name(nameof(TraceRecord.Kind)), s_text = Name(nameof(TraceRecord.Text)),
        s_value = Name(nameof(TraceRecord.Value)), s_finding = Name(nameof(TraceRecord.Finding));
    static readonly JsonEncodedText[] s_kinds = [.. Enum.GetNames<TraceKind>().Select(Name)];

    public static void Write(Utf8JsonWriter json, TraceRecord record)
    {
        json.WriteStartObject();
        if (record.Seconds is { } seconds) json.WriteNumber(s_seconds, seconds);
        json.WriteNumber(s_deviceNanoseconds, record.DeviceNanoseconds);
        json.WriteString(s_device, record.Device);
        json.WriteString(s_kind, s_kinds[(int)record.Kind]);
        json.WriteString(s_text, record.Text);
        if (record.Value is { } value) json.WriteNumber(s_value, value);
        json.WriteBoolean(s_finding, record.Finding);
        json.WriteEndObject();
    }

    static JsonEncodedText Name(string member) => JsonEncodedText.Encode(JsonNamingPolicy.CamelCase.ConvertName(member));
}
