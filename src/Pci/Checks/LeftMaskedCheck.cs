namespace Understudy.Pci;

/// <summary>A message raised while its vector was masked, which nobody has unmasked by the time the driver leaves.</summary>
sealed class LeftMaskedCheck() : BusCheck("interrupt-left-masked")
{
    public override void Unbound()
    {
        for (var vector = 0; vector < Slot.MsixVectors; vector++)
            if (Slot.Interrupts.IsLeftPending(vector) && IsNew((ulong)vector)) Found($"vector {vector} was raised while it was masked, and the driver left without unmasking it");
    }
}
