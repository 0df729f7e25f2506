namespace Understudy.Pci;

/// <summary>What MSI and MSI-X have in common.</summary>
interface IMessageCapability
{
    bool IsEnabled { get; }

    /// <summary>The vector that a line's vector is sent as, or -1 where the capability has none.</summary>
    int Fold(int vector);

    bool IsMasked(int vector);

    bool IsPending(int vector);

    void SetPending(int vector, bool pending);

    /// <summary>What the machine programmed for a vector.</summary>
    MsiMessage Message(int vector);
}
