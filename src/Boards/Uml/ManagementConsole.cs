using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Understudy.Boards;

/// <summary>The kernel's own ear on the UML board (arch/um/drivers/mconsole_kern.c): it answers in an interrupt, whatever its tasks do.</summary>
/// <param name="directory">Where the guest has its socket, and ours may be.</param>
sealed class ManagementConsole(string directory)
{
    const uint Magic = 0xCAFEBABE, Version = 2;
    const int HeaderBytes = 12, DataBytes = 512;

    /// <summary>Has the kernel do what a sysrq key does, and returns what it says meanwhile; empty when it does not answer in time.</summary>
    public async Task<string> SysRqAsync(char key, TimeSpan limit, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(limit);
        var (ours, said) = (Path.Combine(directory, $"ask-{key}"), new StringBuilder());
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.Bind(new UnixDomainSocketEndPoint(ours));
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(directory, UmlCommandLine.Name, "mconsole")), patience.Token).ConfigureAwait(false);
            await socket.SendAsync(Request($"sysrq {key}"), patience.Token).ConfigureAwait(false);
            await AnswerAsync(socket, said, patience.Token).ConfigureAwait(false);
        }
        catch (Exception deaf) when (deaf is SocketException or OperationCanceledException)
        {
            cancel.ThrowIfCancellationRequested();
        }
        finally
        {
            File.Delete(ours);
        }
        return said.ToString();
    }

    static byte[] Request(string words)
    {
        var request = new byte[HeaderBytes + DataBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(request, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(4), Version);
        BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(8), (uint)Encoding.ASCII.GetBytes(words, request.AsSpan(HeaderBytes)));
        return request;
    }

    // An answer comes in pieces: an error, whether there is more, how long, and the text.
    static async Task AnswerAsync(Socket socket, StringBuilder text, CancellationToken cancel)
    {
        var piece = new byte[HeaderBytes + DataBytes];
        while (true)
        {
            var received = await socket.ReceiveAsync(piece, cancel).ConfigureAwait(false);
            if (received < HeaderBytes) return;
            var length = Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(piece.AsSpan(8)), (uint)(received - HeaderBytes));
            text.Append(Encoding.UTF8.GetString(piece, HeaderBytes, (int)length).TrimEnd('\0'));
            if (BinaryPrimitives.ReadUInt32LittleEndian(piece.AsSpan(4)) == 0) return;
        }
    }
}
