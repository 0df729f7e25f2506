namespace Understudy.Pci;

/// <summary>A last word to the card that was a posted write. Any read of the device, or any access to its configuration space, pushes it out
/// (PCI Express Base 5.0, 2.4.1).</summary>
sealed class PostedWriteCheck() : BusCheck("unflushed-write")
{
    ulong _address;
    bool _posted;

    public override void After(in BusTransaction transaction)
    {
        if (!transaction.IsDownstream) return;
        (_posted, _address) = (transaction.Op == BusOp.MmioWrite, transaction.Address);
    }

    public override void Unbound()
    {
        if (_posted && IsNew(0)) Found($"the driver is gone, and its last word to the card, a write at 0x{_address:x}, was not read back");
    }
}
