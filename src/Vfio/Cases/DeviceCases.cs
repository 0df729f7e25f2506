using System.Diagnostics;
using System.Globalization;
using static Understudy.Vfio.Cases.CaseRig;

namespace Understudy.Vfio.Cases;

/// <summary>The cases of <c>vfio_pci_device_test.c</c>.</summary>
static class DeviceCases
{
    const int MostVectors = 16;

    public static IEnumerable<(string Name, Action<CaseRig> Run)> All { get; } =
    [
        ("config_space_read_write", ConfigSpace),
        ("validate_bars", Bars),
        ("reset", Reset),
        ("init_performance", Init),
        ("irq_enable_trigger_disable.msi", rig => Trigger(rig, InterruptKind.Msi)),
        ("irq_enable_trigger_disable.msix", rig => Trigger(rig, InterruptKind.Msix)),
    ];

    // As vfio_pci_device_init_perf_test: what it takes is told, and not judged.
    static void Init(CaseRig rig)
    {
        const int times = 5;
        var name = rig.Device.Name;
        if (rig.Iommu.Mode == IommuMode.Model) throw new CaseSkippedException("a model is not opened by the kernel");
        rig.Device.Dispose();
        var took = new List<double>();
        for (var i = 0; i < times; i++)
        {
            var started = Stopwatch.GetTimestamp();
            using var again = VfioDevice.Open(name, rig.Iommu);
            took.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }
        rig.Note = string.Create(CultureInfo.InvariantCulture, $"opened {times} times in {took.Min():F1} to {took.Max():F1} ms, {took.Average():F1} on average");
    }

    static void ConfigSpace(CaseRig rig)
    {
        Require(rig.Device.VendorId is not (0 or 0xFFFF), $"the vendor ID reads 0x{rig.Device.VendorId:x4}");
        foreach (var function in PciFunction.All().Where(function => function.Address == rig.Device.Name))
            Require((function.VendorId, function.DeviceId) == (rig.Device.VendorId, rig.Device.DeviceId), "vendor and device ID are not those that sysfs shows");
        Require(!rig.Device.BusMaster, "Bus Master Enable is set when the device is opened");
        rig.Device.BusMaster = true;
        Require(rig.Device.BusMaster, "Bus Master Enable does not read back as set");
        rig.Device.BusMaster = false;
        Require(!rig.Device.BusMaster, "Bus Master Enable does not read back as cleared");
    }

    static void Bars(CaseRig rig)
    {
        for (var bar = 0; bar < 6; bar++)
            Require(rig.Device.BarMemory(bar) is not { } memory || memory.Length == rig.Device.BarBytes(bar), $"BAR {bar} is mapped with another size than it has");
        Require(Enumerable.Range(0, 6).Any(bar => rig.Device.BarBytes(bar) > 0), "the device has no BAR");
    }

    static void Reset(CaseRig rig)
    {
        if (!rig.Device.CanReset) throw new CaseSkippedException("the device cannot be reset by itself");
        rig.Device.Reset();
    }

    static void Trigger(CaseRig rig, InterruptKind kind)
    {
        var count = Math.Min(MostVectors, rig.Device.Interrupts(kind));
        if (count == 0) throw new CaseSkippedException($"the device has no {kind}");
        using var vectors = rig.Device.EnableInterrupts(kind, count);
        foreach (var vector in vectors)
        {
            Equal(0UL, vector.Take(), $"{kind} vector {vector.Vector} before it is triggered");
            vector.Trigger();
            Equal(1UL, vector.Wait(TimeSpan.FromSeconds(5)), $"{kind} vector {vector.Vector} after it is triggered");
        }
    }
}
