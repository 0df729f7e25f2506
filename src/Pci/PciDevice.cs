using System.Runtime.CompilerServices;

namespace Understudy.Pci;

/// <summary>A model of one PCI function, and the only class a model derives from. Everything it does happens under its slot's lock, one
/// thing at a time: it never blocks, starts nothing, and reads no clock or random source but its slot's. It declares what it is in its
/// constructor; <see cref="Dma"/>, timers and <see cref="Random"/> exist from <see cref="PluggedIn"/> on.</summary>
public abstract class PciDevice
{
    readonly PciBar?[] _bars = new PciBar?[7];
    readonly List<Capability> _capabilities = [];
    readonly List<(int Offset, RegisterMap Map)> _configBlocks = [];
    readonly List<DeviceTimer> _timers = [];
    readonly List<InterruptLine> _lines = [];
    readonly List<Type> _structures = [];
    PciSlot? _slot;

    /// <summary>A function with this identity, no BARs and no capabilities yet.</summary>
    protected PciDevice(PciIdentity identity) => Identity = identity;

    /// <summary>Who the function says it is.</summary>
    public PciIdentity Identity { get; }

    /// <summary>Its BARs by index; 6 is the expansion ROM; null where there is none.</summary>
    public IReadOnlyList<PciBar?> Bars => _bars;

    /// <summary>Its capabilities, in the order of the list in configuration space.</summary>
    public IReadOnlyList<Capability> Capabilities => _capabilities;

    /// <summary>The INTx pin it may assert: 1 for INTA to 4 for INTD, 0 for none.</summary>
    public int IntxPin { get; private set; }

    /// <summary>Declares a BAR and gives back its registers.</summary>
    /// <exception cref="ArgumentException">The BAR is taken, or out of range.</exception>
    protected RegisterFile Bar(int index, RegisterMap map, BarKind kind = BarKind.Memory32, bool prefetchable = false)
    {
        ArgumentNullException.ThrowIfNull(map);
        var last = kind switch { BarKind.Memory64 => 4, BarKind.Rom => 6, _ => 5 };
        if (index < 0 || index > last || (index == 6) != (kind == BarKind.Rom))
            throw new ArgumentOutOfRangeException(nameof(index), $"{GetType().Name}: there is no {kind} BAR {index}");
        if (prefetchable && kind is (BarKind.Io or BarKind.Rom)) throw new ArgumentException($"{GetType().Name}: an {kind} BAR has no prefetchable bit", nameof(prefetchable));
        if (kind == BarKind.Memory64 && _bars[index + 1] is not null)
            throw new ArgumentException($"{GetType().Name}: a 64-bit BAR {index} needs BAR {index + 1}, which is already taken", nameof(index));
        if (_bars[index] is not null || (index is > 0 and < 6 && _bars[index - 1]?.Kind == BarKind.Memory64))
            throw new ArgumentException($"{GetType().Name}: BAR {index} is already taken", nameof(index));
        return (_bars[index] = new PciBar(index, kind, new RegisterFile(map), prefetchable)).Registers;
    }

    /// <summary>Declares the expansion ROM and its contents.</summary>
    protected void Rom(ReadOnlySpan<byte> image)
    {
        if (image.IsEmpty) throw new ArgumentException($"{GetType().Name}: an expansion ROM needs contents", nameof(image));
        var size = (int)PciBar.Decoded(BarKind.Rom, image.Length);
        var map = new RegisterMap("Rom", size);
        var window = map.Memory(0, size, "Image");
        image.CopyTo(Bar(6, map, BarKind.Rom)[window]);
    }

    /// <summary>Adds a capability at the end of the list.</summary>
    protected TCapability Has<TCapability>(TCapability capability) where TCapability : Capability
    {
        if (_capabilities.Exists(other => other.Id == capability.Id))
            throw new ArgumentException($"{GetType().Name} already has {capability.GetType().Name}", nameof(capability));
        _capabilities.Add(capability);
        return capability;
    }

    /// <summary>Declares registers of the device's own in configuration space: the parts of the extended space that no capability of the
    /// list describes, and where vendors keep error registers. A reset puts them back; nothing else in the model sees them.</summary>
    /// <param name="offset">Where they start, 0x100 to 0xFFF.</param>
    /// <param name="map">The registers; their names appear in the trace after the map's.</param>
    /// <exception cref="ArgumentOutOfRangeException">They do not lie in the extended configuration space.</exception>
    protected void ExtendedConfig(int offset, RegisterMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        if (offset < 0x100 || offset > ConfigSpace.Bytes - map.Size)
            throw new ArgumentOutOfRangeException(nameof(offset), $"{GetType().Name}: {map.Name}, {map.Size} bytes at 0x{offset:x}, is not in the extended configuration space, 0x100 to 0xFFF");
        _configBlocks.Add((offset, map));
    }

    /// <summary>Declares that the function has an INTx pin; INTA unless told.</summary>
    protected void HasIntx(int pin = 1) => IntxPin = pin is >= 1 and <= 4 ? pin : throw new ArgumentOutOfRangeException(nameof(pin), "INTx pins are 1 (INTA) to 4 (INTD)");

    /// <summary>One interrupt of the device: an MSI or MSI-X vector, or the INTx pin where the driver uses that.</summary>
    protected InterruptLine Interrupt(int vector = 0)
    {
        var line = new InterruptLine(this, vector);
        _lines.Add(line);
        return line;
    }

    /// <summary>The commonest shape of an interrupt: a status and a mask register.</summary>
    protected InterruptBlock Interrupt(int vector, RegisterFile registers, Register status, Register mask)
        => new(Interrupt(vector), registers, status, mask);

    /// <summary>Access to the machine's memory.</summary>
    protected Dma Dma => new(Slot);

    /// <summary>The machine lets the device master the bus now: Bus Master Enable is on and the function is in D0. A device that meets it off
    /// in the middle of its work waits until <see cref="OnBusMaster"/>; hardware does not try.</summary>
    protected bool IsBusMaster => Slot.IsBusMaster;

    /// <summary>Device time, in nanoseconds.</summary>
    protected long Now => Slot.Clock.Now;

    /// <summary>The run's random source; the only one a model may use.</summary>
    protected Random Random => Slot.Random;

    /// <summary>Makes a timer; call from <see cref="PluggedIn"/>, once each.</summary>
    protected DeviceTimer Timer(Action callback, [CallerArgumentExpression(nameof(callback))] string name = "")
    {
        var timer = Slot.NewTimer(callback, name);
        _timers.Add(timer);
        return timer;
    }

    /// <summary>Reports something about the driver, or about what the model does not do. A repeat of the same text is dropped.</summary>
    protected void Report(string check, string text) => Slot.Report(check, text);

    /// <summary>Answers an access to a BAR by itself: for what stands in for hardware, which knows its registers and not their meaning. Not
    /// asked for the MSI-X table, nor for what the BAR does not decode. Called under the lock.</summary>
    /// <returns>True when it has; false, as most do, leaves it to the registers.</returns>
    protected internal virtual bool Answer(ref BusTransaction transaction) => false;

    /// <summary>The device is in a slot: make timers here.</summary>
    protected virtual void PluggedIn() { }

    /// <summary><see cref="IsBusMaster"/> has become true: go on with what waited for it. Called under the lock, inside the access to
    /// configuration space that did it, so do no DMA here: arm a timer.</summary>
    protected virtual void OnBusMaster() { }

    /// <summary>A reset has cancelled every timer and put every register back; put the rest of the model's state back here.</summary>
    protected virtual void OnReset() { }

    /// <summary>Declares a structure that the device reads or writes by DMA as a <typeparamref name="T"/>, so that fault rules may name it.</summary>
    protected void Moves<T>() where T : unmanaged => _structures.Add(typeof(T));

    internal IReadOnlyList<Type> Structures => _structures;

    internal IReadOnlyList<(int Offset, RegisterMap Map)> ConfigBlocks => _configBlocks;

    internal PciSlot Slot => _slot ?? throw new InvalidOperationException($"{GetType().Name} is not in a slot yet.");

    internal void Plug(PciSlot slot)
    {
        if (_slot is not null) throw new InvalidOperationException($"{GetType().Name} is already in a slot.");
        _slot = slot;
        PluggedIn();
    }

    internal void BecameBusMaster() => OnBusMaster();

    internal void ResetAll()
    {
        foreach (var timer in _timers) timer.Cancel();
        foreach (var line in _lines) line.Clear();
        foreach (var bar in _bars)
            if (bar is { Kind: not BarKind.Rom }) bar.Registers.Reset();
        OnReset();
    }
}
