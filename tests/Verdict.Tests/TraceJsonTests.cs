using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Understudy.Verdict.Tests;

public sealed class TraceJsonTests
{
    public static TheoryData<TraceRecord> Records =>
    [
        new TraceRecord(1.5, 12_345, "nic", TraceKind.DmaWrite, "RX[0] OWN=0", ulong.MaxValue, Finding: true),
        new TraceRecord(null, long.MinValue, "", TraceKind.Note, ""),
        new TraceRecord(4.3378279, 8161939048, "ä\"\\\n\u2028<b>", TraceKind.Config, "→ 'x' & \0\u007f"),
        new TraceRecord(0, 0, "nic", TraceKind.Read, new string('w', 5000), 0),
        .. Enum.GetValues<TraceKind>().Select(kind => new TraceRecord(1e-7, 1, "dma", kind, kind.ToString())),
    ];

    [Theory]
    [MemberData(nameof(Records))]
    public void A_line_is_what_the_serializer_would_write(TraceRecord record)
        => Assert.Equal(Written(json => JsonSerializer.Serialize(json, record, RunJson.Default.TraceRecord)), Written(json => TraceJson.Write(json, record)));

    static string Written(Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, RunJson.OneLine)) write(json);
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }
}
