namespace Understudy.Pci;

/// <summary>Who could show a fault to a driver.</summary>
public enum FaultClass : byte
{
    /// <summary>PCI Express hardware that works, or breaks in a way its specification provides for, may show it: a card pulled out, a
    /// completion that times out, an interrupt that is late, lost or nobody's.</summary>
    Legal,

    /// <summary>Only a broken or malicious device does it: registers that lie, descriptors torn in two, interrupts of the wrong vector.</summary>
    Hostile,
}
