namespace Understudy.Devices;

/// <summary>Media on a stream its owner has opened, such as a disk image: what the driver writes is there. Reads past the stream's end give
/// zeroes and writes there make it longer, up to <paramref name="length"/>. An error of the stream becomes a media error.</summary>
/// <param name="stream">Readable, writable and seekable; it stays its owner's, and open.</param>
/// <param name="length">Bytes it can hold.</param>
public sealed class StreamMedia(Stream stream, long length) : INvmeMedia
{
    readonly byte[] _zeroes = new byte[64 * 1024];

    /// <inheritdoc/>
    public long Length { get; } = length > 0 ? length : throw new ArgumentOutOfRangeException(nameof(length), $"Media hold at least a byte, not {length}");

    /// <inheritdoc/>
    public bool Read(long offset, Span<byte> destination)
    {
        try
        {
            stream.Position = offset;
            var got = stream.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
            destination[got..].Clear();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public bool Write(long offset, ReadOnlySpan<byte> source)
    {
        try
        {
            stream.Position = offset;
            stream.Write(source);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public bool Discard(long offset, long length)
    {
        for (var end = Math.Min(offset + length, stream.Length); offset < end;)
        {
            var piece = (int)Math.Min(end - offset, _zeroes.Length);
            if (!Write(offset, _zeroes.AsSpan(0, piece))) return false;
            offset += piece;
        }
        return true;
    }

    /// <inheritdoc/>
    public bool Flush()
    {
        try
        {
            stream.Flush();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
