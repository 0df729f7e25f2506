using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Understudy.Transports.Serving;

namespace Understudy.Transports.VfioUser;

/// <summary>The first exchange: which version both speak, and how much fits in a message.</summary>
static class Negotiation
{
    const ushort Major = 0, Minor = 0;
    const int VersionBytes = 4;

    /// <summary>Reads the client's proposal.</summary>
    /// <returns>The most bytes one DMA message may move.</returns>
    /// <exception cref="ProtocolException">Not a proposal, or of another major version.</exception>
    public static int Accept(in Header header, ReadOnlySpan<byte> body)
    {
        if (header.IsReply || header.Command != Command.Version) throw new ProtocolException($"the first message is command {(ushort)header.Command}, not VERSION");
        if (body.Length < VersionBytes) throw new ProtocolException($"VERSION has {body.Length} bytes of body; {VersionBytes} are the least");
        var major = BinaryPrimitives.ReadUInt16LittleEndian(body);
        if (major != Major) throw new ProtocolException($"the client speaks version {major}, this server {Major}");
        var json = body[VersionBytes..].TrimEnd((byte)0);
        return json.IsEmpty ? Connection.MaxTransfer : MaxTransferIn(json);
    }

    /// <summary>The answer's body: our version and what we can do, NUL-terminated JSON.</summary>
    public static byte[] Answer(bool writeMultiple)
    {
        var capabilities = new JsonObject
        {
            ["max_msg_fds"] = Linux.UnixSocket.MaxDescriptors,
            ["max_data_xfer_size"] = Connection.MaxTransfer,
            ["max_dma_maps"] = DmaTable.AgreedMaps,
            ["pgsizes"] = 4096,
        };
        if (writeMultiple) capabilities["write_multiple"] = true;
        var json = new JsonObject { ["capabilities"] = capabilities }.ToJsonString();
        var body = new byte[VersionBytes + json.Length + 1];
        BinaryPrimitives.WriteUInt16LittleEndian(body, Major);
        BinaryPrimitives.WriteUInt16LittleEndian(body.AsSpan(2), Minor);
        Encoding.ASCII.GetBytes(json, body.AsSpan(VersionBytes));
        return body;
    }

    static int MaxTransferIn(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            using var document = JsonDocument.ParseValue(ref reader);
            if (document.RootElement.ValueKind != JsonValueKind.Object) throw new ProtocolException("VERSION's capabilities are not a JSON object");
            if (!document.RootElement.TryGetProperty("capabilities", out var capabilities) || capabilities.ValueKind != JsonValueKind.Object
                || !capabilities.TryGetProperty("max_data_xfer_size", out var size)) return Connection.MaxTransfer;
            if (size.ValueKind != JsonValueKind.Number || !size.TryGetInt64(out var bytes) || bytes < 1)
                throw new ProtocolException($"VERSION's max_data_xfer_size is {size.GetRawText()}");
            return (int)Math.Min(bytes, Connection.MaxTransfer);
        }
        catch (JsonException exception)
        {
            throw new ProtocolException($"VERSION's capabilities are not JSON: {exception.Message}");
        }
    }
}
