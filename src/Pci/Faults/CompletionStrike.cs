namespace Understudy.Pci;

/// <summary>How a transaction ends: lost, refused, unanswered, or twice.</summary>
sealed class CompletionStrike(FaultKind kind) : FaultStrike
{
    public override void On(ref BusTransaction transaction, BusPath next)
    {
        switch (kind)
        {
            case FaultKind.Drop: transaction.Refuse(BusStatus.Dropped); break;
            case FaultKind.Fail: transaction.Refuse(BusStatus.UnsupportedRequest); break;
            case FaultKind.Abort: transaction.Refuse(BusStatus.MasterAbort); break;
            case FaultKind.Timeout: transaction.Refuse(BusStatus.CompletionTimeout); break;
            case FaultKind.Duplicate: next.Send(ref transaction); next.Send(ref transaction); break;
        }
    }
}
