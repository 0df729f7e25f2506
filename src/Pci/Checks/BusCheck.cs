namespace Understudy.Pci;

/// <summary>One rule of good behaviour on a bus. Called under the bus's lock for everything that crosses; must not change it, must allocate
/// nothing unless it has found something.</summary>
abstract class BusCheck(string name)
{
    protected PciSlot Slot { get; private set; } = null!;

    public void Attach(PciSlot slot) => Slot = slot;

    /// <summary>A transaction is on its way.</summary>
    public virtual void Before(in BusTransaction transaction) { }

    /// <summary>It has ended.</summary>
    public virtual void After(in BusTransaction transaction) { }

    /// <summary>No driver is bound to the device any more, and one was.</summary>
    public virtual void Unbound() { }

    /// <summary>Whether to say it at all: asked before a text is put together.</summary>
    protected bool IsNew(ulong key) => Slot.IsNewFinding(name, key);

    protected void Found(string text) => Slot.AddFinding(name, text);
}
