using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Understudy.Vfio.Cases;

/// <summary>What one case stands on: an IOMMU, the device on it, and where it is asked for, the driver, set up.</summary>
public sealed class CaseRig : IDisposable
{
    readonly Func<Iommu, VfioDevice> _open;
    readonly Iommu _iommu;
    VfioDevice? _device;
    CopyDriver? _driver;

    /// <summary>Opens the IOMMU; the device when either is first used, as the kernel resets it then, which takes a tenth of a second.</summary>
    /// <param name="mode">How.</param>
    /// <param name="open">Opens the device on it.</param>
    public CaseRig(IommuMode mode, Func<Iommu, VfioDevice> open)
    {
        ArgumentNullException.ThrowIfNull(open);
        (_open, _iommu) = (open, OpenIommu(mode));
    }

    // A kernel that lacks an interface has nothing to fail.
    static Iommu OpenIommu(IommuMode mode)
    {
        try
        {
            return Iommu.Open(mode);
        }
        catch (VfioException none) when (none.Errno == Linux.Errno.ENOENT)
        {
            throw new CaseSkippedException(none.Message);
        }
    }

    /// <summary>The IOMMU, with the device on it: a container knows nothing before.</summary>
    public Iommu Iommu
    {
        get
        {
            _ = Device;
            return _iommu;
        }
    }

    /// <summary>The device.</summary>
    public VfioDevice Device => _device ??= _open(_iommu);

    /// <summary>Another device on the same IOMMU, of which a driver is known: another card that is bound to vfio-pci, or another such model.</summary>
    /// <exception cref="CaseSkippedException">There is none.</exception>
    public VfioDevice OpenAnother()
    {
        if (Iommu.Mode == IommuMode.Model) return _open(Iommu);
        var other = PciFunction.All().FirstOrDefault(function => function.IsBoundToVfio && function.Address != Device.Name && CopyDrivers.Knows(function.VendorId, function.DeviceId));
        return other is null ? throw new CaseSkippedException("no other card is bound to vfio-pci of which a driver is known") : VfioDevice.Open(other.Address, Iommu);
    }

    /// <summary>The device's driver, set up.</summary>
    public CopyDriver Driver
    {
        get
        {
            if (_driver is not null) return _driver;
            _driver = DriverFor(Device);
            _driver.Init();
            return _driver;
        }
    }

    /// <summary>The driver for a device, not set up yet.</summary>
    /// <exception cref="CaseSkippedException">There is none.</exception>
    internal static CopyDriver DriverFor(VfioDevice device) => CopyDrivers.For(device) ?? throw new CaseSkippedException($"there is no driver for {device.VendorId:x4}:{device.DeviceId:x4}");

    /// <summary>What a case has to tell beside whether it passed.</summary>
    public string? Note { get; set; }

    /// <summary>Only where addresses are translated.</summary>
    /// <exception cref="CaseSkippedException">They are not.</exception>
    public void RequireIommu()
    {
        if (_iommu.Mode == IommuMode.NoIommu) throw new CaseSkippedException("without an IOMMU nothing is mapped, and nothing stands between the device and the machine's memory");
    }

    /// <summary>Bytes to copy: the same each time with the same $UNDERSTUDY_SEED, which a test's scripts have (SplitMix64, as .NET's own
    /// generators with a seed take too long for half a gigabyte).</summary>
    internal static void Fill(Span<byte> bytes)
    {
        var state = ulong.TryParse(Environment.GetEnvironmentVariable("UNDERSTUDY_SEED"), out var seed) ? seed : 0;
        foreach (ref var word in MemoryMarshal.Cast<byte, ulong>(bytes)) word = Next(ref state);
        var rest = bytes[(bytes.Length & ~7)..];
        for (var i = 0; i < rest.Length; i++) rest[i] = (byte)Next(ref state);
    }

    static ulong Next(ref ulong state)
    {
        var word = state += 0x9E37_79B9_7F4A_7C15;
        word = (word ^ word >> 30) * 0xBF58_476D_1CE4_E5B9;
        word = (word ^ word >> 27) * 0x94D0_49BB_1331_11EB;
        return word ^ word >> 31;
    }

    /// <summary>The criterion of a case.</summary>
    /// <exception cref="VfioException">It does not hold.</exception>
    public static void Require([DoesNotReturnIf(false)] bool holds, string what)
    {
        if (!holds) throw new VfioException(what);
    }

    /// <summary>The two must be equal.</summary>
    public static void Equal<T>(T expected, T seen, string what) where T : IEquatable<T> => Require(expected.Equals(seen), $"{what}: {seen}, expected {expected}");

    /// <inheritdoc/>
    public void Dispose()
    {
        _driver?.Dispose();
        _device?.Dispose();
        _iommu.Dispose();
    }
}
