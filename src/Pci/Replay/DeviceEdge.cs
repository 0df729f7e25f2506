namespace Understudy.Pci;

/// <summary>Stands where the device meets everything else: behind all faults on the way to it, before them on the way from it. What passes here
/// is what a model is a function of.</summary>
public abstract class DeviceEdge : BusInterceptor
{
    /// <summary>A fault has reset the device, or all of its function, which crossed no bus.</summary>
    internal abstract void WasReset(bool function);

    /// <summary>Somebody does something to the device by words, which is noted instead of its text.</summary>
    internal abstract void Ordered(string words);
}
