using System.Globalization;
using System.Text;

namespace Understudy.Guest.Protocol;

/// <summary>Reads the log channel into a <see cref="KernelLog"/>.</summary>
sealed class KernelLogReader(Stream stream, KernelLog log, TimeProvider clock)
{
    /// <summary>Reads until the channel ends.</summary>
    /// <exception cref="InvalidDataException">The channel carries what is not our protocol.</exception>
    public async Task ReadAllAsync(CancellationToken cancellation)
    {
        var frames = new FrameReader(stream);
        while (await frames.ReadAsync(cancellation) is { } frame)
        {
            if (frame.Type != FrameType.LogRecord) throw new InvalidDataException($"a {frame.Type} frame on the log channel");
            frames.Strict = true;
            log.Append(RecordFrom(frame));
        }
    }

    KernelRecord RecordFrom(in Frame frame)
    {
        const uint levelMask = 7;
        var payload = new PayloadReader(frame.Type, frame.Payload.Span);
        var (sequence, time, priority) = (payload.U64(), payload.U64(), payload.U32());
        return new(sequence, time, (int)(priority & levelMask), Unescape(payload.Rest()), clock.GetTimestamp());
    }

    /// <summary>The kernel writes what is not printable ASCII, and the backslash, as \xNN (msg_add_ext_text in kernel/printk/printk.c).</summary>
    internal static string Unescape(ReadOnlySpan<byte> text)
    {
        if (!text.Contains((byte)'\\')) return Encoding.UTF8.GetString(text);
        var plain = new byte[text.Length];
        var length = 0;
        while (!text.IsEmpty)
        {
            byte value = 0;
            var escaped = text.Length >= 4 && text[0] == '\\' && text[1] == 'x'
                && byte.TryParse(text[2..4], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
            plain[length++] = escaped ? value : text[0];
            text = text[(escaped ? 4 : 1)..];
        }
        return Encoding.UTF8.GetString(plain, 0, length);
    }
}
