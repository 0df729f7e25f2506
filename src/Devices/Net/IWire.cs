namespace Understudy.Devices;

/// <summary>Whatever is at the other end of a network card's cable: the built-in <see cref="Peer"/>, a test, another card. Called under the
/// card's bus lock, so nothing here may wait.</summary>
public interface IWire
{
    /// <summary>The cable runs to this card. Comes once, before anything else; timers are made here.</summary>
    void Attach(INetworkPort port);

    /// <summary>The card sent a frame while its link was up: addresses first, without FCS, padded to 60 bytes. The span is the card's; copy
    /// what must outlive the call.</summary>
    void Send(ReadOnlySpan<byte> frame);

    /// <summary>The card was reset as a PCI function; every timer made by <see cref="INetworkPort.Timer"/> is cancelled.</summary>
    void PortReset() { }
}
