namespace Understudy.Toolchain;

/// <summary>Files from streams that somebody else fills, and that may be endless.</summary>
static class LimitedFile
{
    const int Chunk = 1 << 17;

    /// <summary>Writes a stream into a new file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="source">Read to its end.</param>
    /// <param name="most">The most bytes the file may have.</param>
    /// <param name="what">What has too many, as a sentence that says how many there may be goes on from it.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="ToolchainException">There are more (<see cref="ToolchainProblem.BadFile"/>).</exception>
    public static async Task WriteAsync(string path, Stream source, long most, string what, CancellationToken cancel = default)
    {
        await using var file = File.Create(path);
        var chunk = new byte[Chunk];
        for (int got; (got = await source.ReadAsync(chunk, cancel).ConfigureAwait(false)) > 0;)
        {
            if (file.Length + got > most) throw new ToolchainException(ToolchainProblem.BadFile, $"{what} has more than {most >> 20} MiB.");
            await file.WriteAsync(chunk.AsMemory(0, got), cancel).ConfigureAwait(false);
        }
    }
}
