namespace Understudy.Devices;

/// <summary>What a namespace keeps its data on. Called under the slot's lock, on the I/O path: it answers at once and allocates nothing it can
/// do without. Offsets and lengths are in bytes and never pass <see cref="Length"/>.</summary>
public interface INvmeMedia
{
    /// <summary>How much there is room for, in bytes.</summary>
    long Length { get; }

    /// <summary>Reads; what was never written, or was discarded, is zero.</summary>
    /// <returns>False when it cannot be read: the driver sees an unrecovered read error.</returns>
    bool Read(long offset, Span<byte> destination);

    /// <summary>Writes.</summary>
    /// <returns>False when it cannot be written: the driver sees a write fault.</returns>
    bool Write(long offset, ReadOnlySpan<byte> source);

    /// <summary>Forgets; reads give zeroes from here on.</summary>
    /// <returns>False when it cannot be done.</returns>
    bool Discard(long offset, long length);

    /// <summary>Makes everything written so far last.</summary>
    /// <returns>False when it cannot be done.</returns>
    bool Flush();
}
