using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>A network card as the other end of its cable sees it. Used under the card's bus lock.</summary>
public interface INetworkPort
{
    /// <summary>Device time, in nanoseconds.</summary>
    long Now { get; }

    /// <summary>A frame arrives at the card, without FCS. Shorter ones are padded to 60 bytes. Lost, as on any cable, while the link is down.</summary>
    void Receive(ReadOnlySpan<byte> frame);

    /// <summary>A timer in the card's time, for answers that take some.</summary>
    DeviceTimer Timer(Action callback, string name);
}
