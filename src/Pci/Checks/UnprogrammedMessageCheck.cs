namespace Understudy.Pci;

/// <summary>An MSI-X message that goes to address 0, because nobody wrote the table entry of an unmasked vector. Seen where the table is the
/// slot's.</summary>
sealed class UnprogrammedMessageCheck() : BusCheck("message-unprogrammed")
{
    public override void Before(in BusTransaction transaction)
    {
        if (transaction.Op == BusOp.Interrupt && !Slot.IsFaultsOwn && Slot.OwnsMsixTable && Slot.Interrupts.MessageFor((int)transaction.Address).Address == 0 && IsNew(transaction.Address))
            Found($"vector {transaction.Address} was raised, and its unmasked table entry holds no message address");
    }
}
