namespace Understudy.Pci;

/// <summary>Bus Master Enable that outlives the driver.</summary>
sealed class BusMasterCheck() : BusCheck("bus-master-at-remove")
{
    public override void Unbound()
    {
        if (Slot.IsBusMaster && IsNew(0)) Found("the driver is gone and Bus Master Enable is still on (pci_disable_device, pci_clear_master)");
    }
}
