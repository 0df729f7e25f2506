namespace Understudy.Pci.Tests;

/// <summary>An interceptor that writes down what passes, and may answer itself.</summary>
sealed class Watcher(string name, List<string> log, Func<BusOp, BusStatus?>? refuse = null) : BusInterceptor
{
    public override void Handle(ref BusTransaction transaction, BusPath next)
    {
        log.Add($"{name}>{transaction.Op}");
        if (refuse?.Invoke(transaction.Op) is { } status) transaction.Refuse(status);
        else next.Send(ref transaction);
        log.Add($"{name}<{transaction.Op} {transaction.Status}");
    }

    protected override void Noted(NoteKind kind, string text) => log.Add($"{name}#{kind} {text}");
}
