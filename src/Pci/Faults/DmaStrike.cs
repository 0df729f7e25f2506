namespace Understudy.Pci;

/// <summary>A DMA that goes astray, ends early, or comes in two pieces.</summary>
sealed class DmaStrike(FaultEffect effect, FaultInjector faults) : FaultStrike
{
    // Above all memory and every BAR of a machine with fewer than 52 address bits.
    const ulong Nowhere = 0x000F_FFFF_FFF0_0000;

    public override void On(ref BusTransaction transaction, BusPath next)
    {
        transaction.IsFaulted = true;
        if (effect.Kind == FaultKind.Unmapped)
        {
            transaction.Address = Nowhere | transaction.Address & 0xFFF;
            next.Send(ref transaction);
        }
        else if (effect.Kind == FaultKind.Partial) Cut(ref transaction, next, (int)Math.Min(effect.Value, (ulong)transaction.Length));
        else Tear(ref transaction, next);
    }

    static void Cut(ref BusTransaction transaction, BusPath next, int length)
    {
        var read = transaction.ReadData;
        var write = transaction.WriteData;
        transaction.ReadData = read.IsEmpty ? read : read[..length];
        transaction.WriteData = write.IsEmpty ? write : write[..length];
        if (length > 0) next.Send(ref transaction);
        transaction.ReadData = read;
        transaction.WriteData = write;
        if (!read.IsEmpty) read[length..].Fill(0xFF);
    }

    // The body of a descriptor is written before its owner word: what is torn off is the body, and of any other write its second half.
    void Tear(ref BusTransaction transaction, BusPath next)
    {
        var data = transaction.WriteData;
        var address = transaction.Address;
        var kept = transaction.IsDescriptorBody ? 0 : (data.Length / 2 + 3) & ~3;
        if (kept >= data.Length) kept = data.Length / 2;
        Cut(ref transaction, next, kept);
        if (effect.Value == 0) return;
        transaction.Address += (ulong)kept;
        transaction.WriteData = data[kept..];
        faults.InFlight.Alone(ref transaction, next, (long)effect.Value);
        transaction.Address = address;
        transaction.WriteData = data;
    }
}
