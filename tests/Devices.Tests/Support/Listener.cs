namespace Understudy.Devices.Tests;

/// <summary>A wire that remembers what the card sent.</summary>
sealed class Listener : IWire
{
    public List<byte[]> Frames { get; } = [];

    public INetworkPort? Port { get; private set; }

    public void Attach(INetworkPort port) => Port = port;

    public void Send(ReadOnlySpan<byte> frame) => Frames.Add(frame.ToArray());
}
