namespace Understudy.Pci;

/// <summary>The rest of the way: the interceptors still to come, and the far side.</summary>
public abstract class BusPath
{
    /// <summary>Sends a transaction on.</summary>
    public abstract void Send(ref BusTransaction transaction);

    internal static BusPath Through(IReadOnlyList<BusInterceptor> interceptors, BusPath end)
    {
        for (var i = interceptors.Count - 1; i >= 0; i--) end = new Hop(interceptors[i], end);
        return end;
    }

    sealed class Hop(BusInterceptor interceptor, BusPath next) : BusPath
    {
        public override void Send(ref BusTransaction transaction) => interceptor.Handle(ref transaction, next);
    }
}
