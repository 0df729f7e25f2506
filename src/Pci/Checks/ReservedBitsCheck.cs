using System.Runtime.CompilerServices;

namespace Understudy.Pci;

/// <summary>A write that would give a reserved bit another value than it has.</summary>
sealed class ReservedBitsCheck() : BusCheck("reserved-bits")
{
    public override void Before(in BusTransaction transaction)
    {
        if (transaction.Op != BusOp.MmioWrite || Slot.RegistersAt(transaction, out var offset) is not { } file) return;
        for (var walk = new RegisterWalk(file, offset, transaction.Length); walk.MoveNext();)
        {
            if (walk.Register is not { TakesWrites: true } register) continue;
            var changed = (walk.Written(transaction.WriteData) ^ walk.File[register]) & walk.Covered & ~register.Declared;
            if (changed != 0 && IsNew((ulong)RuntimeHelpers.GetHashCode(register)))
                Found($"{register} was written with 0x{walk.Written(transaction.WriteData):x}; its bits 0x{changed:x} are reserved, and hold something else");
        }
    }
}
