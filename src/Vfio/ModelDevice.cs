using System.Buffers.Binary;
using Understudy.Linux;
using Understudy.Pci;

namespace Understudy.Vfio;

/// <summary>A model in this process, in a slot of its own, on the bus that its <see cref="ModelIommu"/> is.</summary>
sealed class ModelDevice : IDeviceBacking, IPciBus
{
    readonly ModelIommu _iommu;
    readonly PciSlot _slot;
    readonly PciDevice _model;
    readonly EventFd?[] _messages = new EventFd?[2048];
    EventFd? _intx;
    InterruptKind? _enabled;
    bool _masked, _asserted;

    public ModelDevice(PciDevice model, ModelIommu iommu, IReadOnlyList<BusInterceptor> interceptors)
    {
        (_model, _iommu) = (model, iommu);
        _slot = new PciSlot(this, model, interceptors);
        WriteConfig(0x04, [0x02, 0x00]);         // memory space on, as vfio-pci leaves a device
    }

    public string Name => _model.GetType().Name;

    public bool CanReset => true;

    public PciSlot Slot => _slot;

    DeviceClock IPciBus.Clock => _iommu.Clock;

    bool IPciBus.IsPowered => true;

    bool IPciBus.OwnsMsixTable => true;

    public ulong BarBytes(int bar) => _model.Bars[bar] is { } declared ? (ulong)declared.Size : 0;

    public SharedMapping? BarMemory(int bar) => null;

    public int Count(InterruptKind kind) => kind switch
    {
        InterruptKind.Intx => _model.IntxPin == 0 ? 0 : 1,
        InterruptKind.Msi => _model.Capabilities.OfType<Msi>().FirstOrDefault()?.Vectors ?? 0,
        InterruptKind.Msix => _model.Capabilities.OfType<Msix>().FirstOrDefault()?.Vectors ?? 0,
        _ => 0,
    };

    public void ReadConfig(int offset, Span<byte> destination) => _slot.ReadConfig(offset, destination);

    public void WriteConfig(int offset, ReadOnlySpan<byte> source) => _slot.WriteConfig(offset, source);

    public void ReadBar(int bar, ulong offset, Span<byte> destination) => _slot.Read(bar, offset, destination);

    public void WriteBar(int bar, ulong offset, ReadOnlySpan<byte> source) => _slot.Write(bar, offset, source);

    public void StoreBar(int bar, ulong offset, ReadOnlySpan<byte> source) => _slot.Write(bar, offset, source);

    public void Enable(InterruptKind kind, int first, IReadOnlyList<EventFd> events)
    {
        lock (_iommu.Clock.Gate)
        {
            _enabled = kind;
            if (kind == InterruptKind.Intx) _intx = events[0];
            else
            {
                for (var i = 0; i < events.Count; i++) _messages[first + i] = events[i];
                SetEnable(kind, on: true);
            }
        }
        if (kind == InterruptKind.Intx) Pin();
    }

    public void Disable(InterruptKind kind)
    {
        lock (_iommu.Clock.Gate)
        {
            if (kind is InterruptKind.Msi or InterruptKind.Msix) SetEnable(kind, on: false);
            Array.Clear(_messages);
            (_intx, _enabled, _masked) = (null, null, false);
        }
    }

    public void Trigger(InterruptKind kind, int vector)
    {
        lock (_iommu.Clock.Gate) (kind == InterruptKind.Intx ? _intx : _messages[vector])?.Signal();
    }

    public void Mask(InterruptKind kind, bool masked)
    {
        lock (_iommu.Clock.Gate)
        {
            _masked = masked;
            if (!masked) Pin();
        }
    }

    // The kernel puts configuration space back after a reset (pci_restore_state).
    public void Reset()
    {
        Span<byte> command = stackalloc byte[2];
        ReadConfig(0x04, command);
        _slot.Reset();
        WriteConfig(0x04, command);
    }

    public FeatureAccess Probe(DeviceFeature feature) => FeatureAccess.None;

    public ulong GetFeature(DeviceFeature feature) => throw new VfioException($"{Name} is a model, which has no {feature}");

    public void SetFeature(DeviceFeature feature, ReadOnlySpan<byte> value) => throw new VfioException($"{Name} is a model, which has no {feature}");

    // A model has its bus for itself.
    public IReadOnlyList<string> HotResetGroup() => [Name];

    public void HotReset() => Reset();

    public void Dispose()
    {
        if (_enabled is { } kind) Disable(kind);
        WriteConfig(0x04, [0x00, 0x00]);         // off the bus: whatever it was doing reaches no memory from here on
    }

    bool IPciBus.TryReadMemory(ulong address, Span<byte> destination) => _iommu.TryRead(address, destination);

    bool IPciBus.TryWriteMemory(ulong address, ReadOnlySpan<byte> source) => _iommu.TryWrite(address, source);

    void IPciBus.SetIntx(bool asserted)
    {
        _asserted = asserted;
        Pin();
    }

    void IPciBus.SendMessage(int vector, MsiMessage message) => _messages[vector]?.Signal();

    // The kernel masks the pin before it signals, and the driver unmasks it when it has dealt with the cause.
    void Pin()
    {
        if (!_asserted || _masked || _intx is null) return;
        _masked = true;
        _intx.Signal();
    }

    void SetEnable(InterruptKind kind, bool on)
    {
        var (offset, bit) = kind == InterruptKind.Msi
            ? (_model.Capabilities.OfType<Msi>().Single().Offset + 2, 0x0001)
            : (_model.Capabilities.OfType<Msix>().Single().Offset + 2, 0x8000);
        Span<byte> control = stackalloc byte[2];
        ReadConfig(offset, control);
        var value = BinaryPrimitives.ReadUInt16LittleEndian(control);
        BinaryPrimitives.WriteUInt16LittleEndian(control, (ushort)(on ? value | bit : value & ~bit));
        WriteConfig(offset, control);
    }
}
