namespace Understudy.Boards;

/// <summary>Tells kernels built as programs from others.</summary>
static class UmlKernel
{
    const int Chunk = 1 << 20;

    /// <summary>It holds the words by which such a kernel is told where its devices are.</summary>
    public static bool Is(string image)
    {
        var sign = "virtio_uml.device"u8;
        var buffer = new byte[Chunk + sign.Length];
        using var file = File.OpenRead(image);
        if (file.ReadAtLeast(buffer.AsSpan(0, 4), 4, throwOnEndOfStream: false) < 4 || !buffer.AsSpan(0, 4).SequenceEqual("\u007fELF"u8)) return false;
        for (int kept = 0, read; (read = file.Read(buffer, kept, Chunk)) > 0;)
        {
            var all = buffer.AsSpan(0, kept + read);
            if (all.IndexOf(sign) >= 0) return true;
            kept = Math.Min(sign.Length - 1, all.Length);
            all[^kept..].CopyTo(buffer);
        }
        return false;
    }
}
