using System.Runtime.CompilerServices;

namespace Understudy.Pci;

/// <summary>A write that meets nothing but registers only the device changes.</summary>
sealed class ReadOnlyWriteCheck() : BusCheck("read-only-write")
{
    public override void After(in BusTransaction transaction)
    {
        if (transaction.Op != BusOp.MmioWrite || transaction.Status != BusStatus.Ok || Slot.RegistersAt(transaction, out var offset) is not { } file) return;
        Register? met = null;
        for (var walk = new RegisterWalk(file, offset, transaction.Length); walk.MoveNext();)
        {
            if (walk.Register is null || walk.Register.TakesWrites || walk.File.HasWriteHook(walk.Register)) return;
            met ??= walk.Register;
        }
        if (met is not null && IsNew((ulong)RuntimeHelpers.GetHashCode(met))) Found($"{met} was written; it is read-only");
    }
}
