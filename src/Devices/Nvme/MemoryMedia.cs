namespace Understudy.Devices;

/// <summary>Media in memory, which takes room only where something was written.</summary>
/// <param name="length">Bytes it can hold.</param>
public sealed class MemoryMedia(long length) : INvmeMedia
{
    const int ChunkBits = 16, ChunkSize = 1 << ChunkBits;
    readonly Dictionary<long, byte[]> _chunks = [];

    /// <inheritdoc/>
    public long Length { get; } = length > 0 ? length : throw new ArgumentOutOfRangeException(nameof(length), $"Media hold at least a byte, not {length}");

    /// <inheritdoc/>
    public bool Read(long offset, Span<byte> destination)
    {
        for (var done = 0; done < destination.Length;)
        {
            var piece = destination.Slice(done, Piece(offset + done, destination.Length - done));
            if (_chunks.TryGetValue((offset + done) >> ChunkBits, out var chunk)) chunk.AsSpan(Within(offset + done), piece.Length).CopyTo(piece);
            else piece.Clear();
            done += piece.Length;
        }
        return true;
    }

    /// <inheritdoc/>
    public bool Write(long offset, ReadOnlySpan<byte> source)
    {
        for (var done = 0; done < source.Length;)
        {
            var piece = source.Slice(done, Piece(offset + done, source.Length - done));
            var number = (offset + done) >> ChunkBits;
            if (!_chunks.TryGetValue(number, out var chunk)) _chunks[number] = chunk = new byte[ChunkSize];
            piece.CopyTo(chunk.AsSpan(Within(offset + done)));
            done += piece.Length;
        }
        return true;
    }

    /// <inheritdoc/>
    public bool Discard(long offset, long length)
    {
        if (length >> ChunkBits > _chunks.Count)
        {
            DiscardWritten(offset, offset + length);
            return true;
        }
        for (var end = offset + length; offset < end;)
        {
            var piece = Piece(offset, end - offset);
            Forget(offset, piece);
            offset += piece;
        }
        return true;
    }

    /// <inheritdoc/>
    public bool Flush() => true;

    // A range larger than all there is costs no more than what there is.
    void DiscardWritten(long start, long end)
    {
        foreach (var number in _chunks.Keys)
        {
            var (from, to) = (Math.Max(start, number << ChunkBits), Math.Min(end, (number + 1) << ChunkBits));
            if (from < to) Forget(from, (int)(to - from));
        }
    }

    void Forget(long offset, int length)
    {
        if (length == ChunkSize) _chunks.Remove(offset >> ChunkBits);
        else if (_chunks.TryGetValue(offset >> ChunkBits, out var chunk)) chunk.AsSpan(Within(offset), length).Clear();
    }

    static int Within(long offset) => (int)(offset & (ChunkSize - 1));

    static int Piece(long offset, long left) => (int)Math.Min(left, ChunkSize - Within(offset));
}
