using System.Text;
using Understudy.Toolchain;

namespace Understudy.Build;

/// <summary>Reads what gcc's counters came to, by the gcov of the very release that made them: the host's, or Debian's.</summary>
/// <param name="toolbox">Where Debian's comes from.</param>
public sealed class Gcov(Toolbox toolbox)
{
    readonly Compilers _compilers = new(toolbox);

    /// <summary>Reads the counters of one object.</summary>
    /// <param name="notes">The compiler's notes: the path of a <c>.gcno</c>.</param>
    /// <param name="data">The counters: what a <c>.gcda</c> holds.</param>
    /// <param name="cancel">Gives up.</param>
    /// <returns>What <c>gcov --json-format</c> prints (gcov(1)).</returns>
    /// <exception cref="ToolchainException">It cannot be read, or there is no such gcov.</exception>
    public async Task<string> ReadAsync(string notes, ReadOnlyMemory<byte> data, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(notes);
        var (gcov, path) = await _compilers.GcovAsync(MajorOf(notes), cancel).ConfigureAwait(false);
        var scratch = Directory.CreateTempSubdirectory("understudy-gcov-");
        try
        {
            var name = Path.GetFileNameWithoutExtension(notes);
            File.Copy(notes, Path.Combine(scratch.FullName, $"{name}.gcno"));
            await File.WriteAllBytesAsync(Path.Combine(scratch.FullName, $"{name}.gcda"), data, cancel).ConfigureAwait(false);
            return await HostTool.RunAsync(gcov, ["--json-format", "--stdout", $"{name}.gcda"], scratch.FullName, $"reading the counters of {name}", cancel, path).ConfigureAwait(false);
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
    }

    // gcc/gcov-io.h: after the magic number the release, backwards: "*22B" is 12.2.
    internal static int MajorOf(string notes)
    {
        Span<byte> head = stackalloc byte[8];
        using var file = File.OpenRead(notes);
        if (file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length && head.StartsWith("oncg"u8) && head[7] is >= (byte)'A' and <= (byte)'Z' && head[6] is >= (byte)'0' and <= (byte)'9')
            return (head[7] - 'A') * 10 + (head[6] - '0');
        throw new ToolchainException(ToolchainProblem.BadFile, $"{notes} is nothing gcc 10 or later wrote: it says '{Encoding.Latin1.GetString(head)}'. A kernel that counts lines is built with gcc here.");
    }
}
