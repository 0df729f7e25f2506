using System.Net.Sockets;

namespace Understudy.Guest.Tests;

/// <summary>Two ends of a byte stream, as QEMU and a guest's port are.</summary>
sealed class StreamPair : IDisposable
{
    StreamPair(Stream host, Stream guest) => (Host, Guest) = (host, guest);

    public Stream Host { get; }
    public Stream Guest { get; }

    public static StreamPair Create()
    {
        var path = Path.Combine(Path.GetTempPath(), $"guest-test-{Guid.NewGuid():N}");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        var host = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        host.Connect(new UnixDomainSocketEndPoint(path));
        var guest = listener.Accept();
        File.Delete(path);
        return new(new NetworkStream(host, ownsSocket: true), new NetworkStream(guest, ownsSocket: true));
    }

    public void Dispose()
    {
        Host.Dispose();
        Guest.Dispose();
    }
}
