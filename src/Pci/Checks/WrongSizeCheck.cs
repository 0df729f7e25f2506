using System.Runtime.CompilerServices;

namespace Understudy.Pci;

/// <summary>An access that is not aligned to its size, that writes a part of a register, or reads a part of one that reading clears. The two
/// halves of a 64-bit register may come one by one: not every machine can do more at once.</summary>
sealed class WrongSizeCheck() : BusCheck("wrong-size")
{
    public override void After(in BusTransaction transaction)
    {
        if (transaction.Op is not (BusOp.MmioRead or BusOp.MmioWrite) || transaction.Status != BusStatus.Ok || Slot.RegistersAt(transaction, out var offset) is not { } file) return;
        var aligned = transaction.Length is 1 or 2 or 4 or 8 && transaction.Address % (ulong)transaction.Length == 0;
        for (var walk = new RegisterWalk(file, offset, transaction.Length); walk.MoveNext();)
        {
            if (walk.Register is not { } register || (aligned && IsWhole(walk, register)) || (transaction.Op == BusOp.MmioRead && register.ClearedByRead == 0)) continue;
            if (IsNew((ulong)RuntimeHelpers.GetHashCode(register) << 8 | (uint)walk.Lane << 4 | (uint)(walk.Bytes & 15)))
                Found($"{transaction.Op} of {transaction.Length} bytes at 0x{transaction.Address:x} meets {walk.Bytes} of the {register.Bytes} bytes of {register}{(aligned ? "" : ", not aligned")}");
        }
    }

    static bool IsWhole(in RegisterWalk walk, Register register) => walk.Bytes == register.Bytes || (register.Bytes == 8 && walk.Bytes == 4);
}
