using System.Buffers.Binary;

namespace Understudy.Devices;

/// <summary>Writes frames as a pcap capture with nanosecond time stamps (libpcap savefile format, magic 0xa1b23c4d), in device time. Give its
/// <see cref="Write"/> to a card's <see cref="Rtl8111.FrameOnWire"/>.</summary>
public sealed class PcapFile
{
    const int LongestFrame = 65535;
    readonly Stream _stream;
    readonly byte[] _header = new byte[16];

    /// <summary>Starts a capture at the stream's position. The stream stays the caller's, to flush and to close.</summary>
    public PcapFile(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        _stream = stream;
        Span<byte> header = stackalloc byte[24];
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0xA1B2_3C4D);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], LongestFrame);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], 1);   // LINKTYPE_ETHERNET
        stream.Write(header);
    }

    /// <summary>Frames written.</summary>
    public long Frames { get; private set; }

    /// <summary>What stopped the capture (a full disk, a closed stream); null while it goes on. A broken capture never disturbs the device.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Adds a frame. Does nothing after a <see cref="Failure"/>.</summary>
    public void Write(WireDirection direction, long nanoseconds, ReadOnlySpan<byte> frame)
    {
        if (Failure is not null) return;
        var length = Math.Min(frame.Length, LongestFrame);
        BinaryPrimitives.WriteUInt32LittleEndian(_header, (uint)(nanoseconds / 1_000_000_000));
        BinaryPrimitives.WriteUInt32LittleEndian(_header.AsSpan(4), (uint)(nanoseconds % 1_000_000_000));
        BinaryPrimitives.WriteUInt32LittleEndian(_header.AsSpan(8), (uint)length);
        BinaryPrimitives.WriteUInt32LittleEndian(_header.AsSpan(12), (uint)frame.Length);
        try
        {
            _stream.Write(_header);
            _stream.Write(frame[..length]);
            Frames++;
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException or NotSupportedException)
        {
            Failure = failure;
        }
    }
}
