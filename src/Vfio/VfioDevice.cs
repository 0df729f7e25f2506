using Understudy.Pci;

namespace Understudy.Vfio;

/// <summary>A PCI device driven from this process: a card bound to <c>vfio-pci</c>, or a model. One API for both, so that a driver written
/// against the model drives the card, and a card can be compared with its model. Not for use from several threads at once, but for
/// waiting on interrupts.</summary>
public sealed class VfioDevice : IDisposable
{
    const int Command = 0x04, BusMasterEnable = 1 << 2;
    readonly IDeviceBacking _backing;
    InterruptSet? _interrupts;

    VfioDevice(IDeviceBacking backing, Iommu iommu) => (_backing, Iommu) = (backing, iommu);

    /// <summary>Opens a card.</summary>
    /// <param name="address">As in <c>0000:6a:01.0</c>.</param>
    /// <param name="iommu">Whose device addresses it uses. Devices may share one.</param>
    /// <param name="vfToken">For a function with virtual functions, the secret that whoever opens one of them has to know; for a virtual
    /// function whose physical one is driven by vfio-pci, that secret. Else null.</param>
    /// <exception cref="VfioException">There is no such card, it is not bound to vfio-pci, or the kernel does not give it; the message says
    /// what to do.</exception>
    public static VfioDevice Open(string address, Iommu iommu, Guid? vfToken = null)
    {
        ArgumentNullException.ThrowIfNull(iommu);
        return iommu.Mode == IommuMode.Model
            ? throw new ArgumentException("A card needs an IOMMU of the kernel's, not the one of models", nameof(iommu))
            : Answering(new VfioDevice(new KernelDevice(address, iommu, vfToken), iommu));
    }

    internal static VfioDevice Answering(VfioDevice device)
    {
        if (device.VendorId != 0xFFFF) return device;
        device.Dispose();
        throw Gone(device.Name);
    }

    internal static VfioException Gone(string name) => new($"{name} answers all ones: it is switched off, asleep in D3cold, or gone from its slot");

    /// <summary>Puts a model into a slot of its own and opens it.</summary>
    /// <param name="model">A model that is in no slot yet.</param>
    /// <param name="iommu">An IOMMU of mode <see cref="IommuMode.Model"/>. Models may share one, and then reach the same memory.</param>
    /// <param name="interceptors">Trace recorders, fault injectors and the like, outermost first.</param>
    public static VfioDevice Open(PciDevice model, Iommu iommu, params IReadOnlyList<BusInterceptor> interceptors)
        => iommu is ModelIommu models
            ? Answering(new VfioDevice(new ModelDevice(model, models, interceptors), iommu))
            : throw new ArgumentException($"A model needs an IOMMU of mode {IommuMode.Model}", nameof(iommu));

    /// <summary>What to call it in messages.</summary>
    public string Name => _backing.Name;

    /// <summary>Whose device addresses it uses.</summary>
    public Iommu Iommu { get; }

    /// <summary>The slot the model is in; null where the device is a card.</summary>
    public PciSlot? Slot => (_backing as ModelDevice)?.Slot;

    /// <summary>Vendor ID.</summary>
    public ushort VendorId => ReadConfig<ushort>(0x00);

    /// <summary>Device ID.</summary>
    public ushort DeviceId => ReadConfig<ushort>(0x02);

    /// <summary>It can be reset by itself.</summary>
    public bool CanReset => _backing.CanReset;

    /// <summary>Bus Master Enable: without it the device reaches no memory and sends no message.</summary>
    public bool BusMaster
    {
        get => (ReadConfig<ushort>(Command) & BusMasterEnable) != 0;
        set => WriteConfig(Command, (ushort)(value ? ReadConfig<ushort>(Command) | BusMasterEnable : ReadConfig<ushort>(Command) & ~BusMasterEnable));
    }

    /// <summary>Bytes of a BAR, 0 where there is none.</summary>
    public ulong BarBytes(int bar) => bar is >= 0 and <= 5 ? _backing.BarBytes(bar) : throw new ArgumentOutOfRangeException(nameof(bar), $"BARs are 0 to 5, not {bar}");

    /// <summary>A BAR as memory of this process; null for a model, and for a BAR that the kernel does not let be mapped.</summary>
    internal Linux.SharedMapping? BarMemory(int bar) => _backing.BarMemory(bar);

    internal void ReadBar(int bar, ulong offset, Span<byte> destination) => _backing.ReadBar(bar, offset, destination);

    internal void WriteBar(int bar, ulong offset, ReadOnlySpan<byte> source) => _backing.WriteBar(bar, offset, source);

    /// <summary>The size of the page by which the IOMMU translates a device address of this card.</summary>
    /// <returns>Bytes; 0 where the address is not mapped, and null where it cannot be seen: for a model, and on kernels without
    /// CONFIG_INTEL_IOMMU_DEBUGFS or with another IOMMU.</returns>
    public ulong? TranslationSize(ulong iova) => TranslationTable.PageSize(Name, iova);

    /// <summary>The registers behind a BAR.</summary>
    /// <exception cref="VfioException">There is no such BAR, or it is smaller than the map.</exception>
    public BarView Bar(int bar, RegisterMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        return BarBytes(bar) >= (ulong)map.Size
            ? new BarView(_backing, bar, 0, map)
            : throw new VfioException($"{Name}: BAR {bar} has 0x{BarBytes(bar):x} bytes, and {map.Name} needs 0x{map.Size:x}");
    }

    /// <summary>Reads configuration space, 1, 2, 4 or 8 bytes.</summary>
    public T ReadConfig<T>(int offset) where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        Span<byte> data = stackalloc byte[8];
        var bytes = T.AllBitsSet.GetByteCount();
        _backing.ReadConfig(offset, data[..bytes]);
        return T.ReadLittleEndian(data[..bytes], isUnsigned: true);
    }

    /// <summary>Writes configuration space, 1, 2, 4 or 8 bytes.</summary>
    public void WriteConfig<T>(int offset, T value) where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        Span<byte> data = stackalloc byte[8];
        _backing.WriteConfig(offset, data[..value.WriteLittleEndian(data)]);
    }

    /// <summary>How many interrupts of a kind the device has.</summary>
    public int Interrupts(InterruptKind kind) => _backing.Count(kind);

    /// <summary>Enables interrupts. Only one kind may be enabled at a time: dispose of what this gave before asking for another.</summary>
    /// <param name="kind">INTx, MSI or MSI-X.</param>
    /// <param name="count">How many; all of them unless told.</param>
    /// <param name="first">The vector to start from.</param>
    /// <exception cref="VfioException">The device does not have them, or others are enabled.</exception>
    public InterruptSet EnableInterrupts(InterruptKind kind, int? count = null, int first = 0)
    {
        var has = _backing.Count(kind);
        var wanted = count ?? has - first;
        if (first < 0 || wanted < 1 || first > has - wanted)
            throw new VfioException($"{Name} has {has} {kind} interrupts; {wanted} from vector {first} on cannot be enabled");
        if (_interrupts is { } enabled) enabled.Dispose();
        return _interrupts = new InterruptSet(_backing, kind, first, wanted);
    }

    /// <summary>Changes the secret by which this function's virtual functions are opened.</summary>
    /// <exception cref="VfioException">It is no function with virtual functions, or vfio-pci was loaded without <c>enable_sriov=1</c>.</exception>
    public void SetVfToken(Guid token)
    {
        Span<byte> value = stackalloc byte[16];
        token.TryWriteBytes(value, bigEndian: true, out _);
        _backing.SetFeature(DeviceFeature.VfToken, value);
    }

    /// <summary>What it offers beside registers, interrupts and DMA: asks the kernel each time. A model offers nothing.</summary>
    /// <exception cref="VfioException">The kernel fails to answer.</exception>
    public DeviceFeatures ProbeFeatures() => new(_backing);

    /// <summary>Lets it sleep until it is used again (VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY). Its registers may not be touched before
    /// <see cref="ExitLowPower"/>.</summary>
    /// <exception cref="VfioException">It cannot, see <see cref="DeviceFeatures.LowPower"/>, or it sleeps already.</exception>
    public void EnterLowPower() => _backing.SetFeature(DeviceFeature.LowPowerEntry, stackalloc byte[8]);

    /// <summary>Wakes it.</summary>
    /// <exception cref="VfioException">It cannot sleep.</exception>
    public void ExitLowPower() => _backing.SetFeature(DeviceFeature.LowPowerExit, []);

    /// <summary>The devices that a hot reset resets, by address, this one among them; none where its slot or bus cannot be reset.</summary>
    /// <exception cref="VfioException">The kernel fails to answer.</exception>
    public IReadOnlyList<string> HotResetGroup => _backing.HotResetGroup();

    /// <summary>Resets its slot or bus, and with it every device of <see cref="HotResetGroup"/>, all of which have to be open on the same
    /// <see cref="Iommu"/>. Interrupts are off afterwards: <see cref="InterruptSet.Enable"/>.</summary>
    /// <exception cref="VfioException">There is no hot reset, or one of the others is not open here; the message names it.</exception>
    public void HotReset()
    {
        if (HotResetGroup.Count == 0) throw new VfioException($"{Name} has no hot reset: neither its slot nor its bus can be reset");
        _backing.HotReset();
    }

    /// <summary>Function-level reset, or what the kernel has instead. Interrupts are off afterwards: <see cref="InterruptSet.Enable"/>.</summary>
    /// <exception cref="VfioException">It cannot be reset, or the kernel refuses.</exception>
    public void Reset()
    {
        if (!CanReset) throw new VfioException($"{Name} cannot be reset by itself");
        _backing.Reset();
    }

    /// <summary>Interrupts off, bus mastering off, and given back: the kernel resets a card that is closed.</summary>
    public void Dispose()
    {
        _interrupts?.Dispose();
        _backing.Dispose();
    }
}
