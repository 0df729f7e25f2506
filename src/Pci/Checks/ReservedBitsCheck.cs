using System.Runtime.CompilerServices;

namespace Understudy.Pci;

/// <summary>A write that would give a reserved bit another value than it has. Ones in every bit of a register that ones clear are the usual way
/// to clear all there is.</summary>
sealed class ReservedBitsCheck() : BusCheck("reserved-bits")
{
    public override void After(in BusTransaction transaction)
    {
        if (transaction.Op != BusOp.MmioWrite || transaction.Status != BusStatus.Ok || Slot.RegistersAt(transaction, out var offset) is not { } file) return;
        for (var walk = new RegisterWalk(file, offset, transaction.Length); walk.MoveNext();)
        {
            if (walk.Register is not { TakesWrites: true } register) continue;
            var written = walk.Value(transaction.WriteData);
            if (register.ClearedByOne != 0 && written == walk.Covered) continue;
            var changed = (written ^ walk.File[register]) & walk.Covered & ~register.Declared;
            if (changed != 0 && IsNew((ulong)RuntimeHelpers.GetHashCode(register)))
                Found($"{register} was written with 0x{written:x}; its bits 0x{changed:x} are reserved, and hold something else");
        }
    }
}
