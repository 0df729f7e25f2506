using static Understudy.Vfio.Cases.CaseRig;

namespace Understudy.Vfio.Cases;

/// <summary>Cases of our own: what devices and IOMMUs offer beside the rest.</summary>
static class FeatureCases
{
    static readonly ulong s_page = (ulong)Environment.SystemPageSize;

    public static IEnumerable<(string Name, Action<CaseRig> Run)> All { get; } =
    [
        ("features.probe", Probe),
        ("features.low_power", LowPower),
        ("hot_reset", HotReset),
        ("dirty_tracking", DirtyTracking),
    ];

    // What the kernel offers is its own; that it is asked and answers is what counts, and that setting what is not offered is refused.
    static void Probe(CaseRig rig)
    {
        var features = rig.Device.ProbeFeatures();
        Require(!features.LowPower || features[DeviceFeature.LowPowerEntry] == FeatureAccess.Set, $"a device is told to sleep, not asked: {features[DeviceFeature.LowPowerEntry]}");
        Require((features.Migration != MigrationAbility.None) == features[DeviceFeature.Migration].HasFlag(FeatureAccess.Get), $"it offers migration, and can do {features.Migration}");
        if (features.Offered.Contains(DeviceFeature.VfToken)) return;
        try
        {
            rig.Device.SetVfToken(Guid.NewGuid());
        }
        catch (VfioException)
        {
            return;
        }
        throw new VfioException("the device takes a VF token, and does not say that it has any");
    }

    static void LowPower(CaseRig rig)
    {
        if (!rig.Device.ProbeFeatures().LowPower) throw new CaseSkippedException("the device does not offer to sleep");
        var id = rig.Device.VendorId;
        rig.Device.EnterLowPower();
        rig.Device.ExitLowPower();
        Equal(id, rig.Device.VendorId, "the vendor ID after it slept");
    }

    static void HotReset(CaseRig rig)
    {
        var group = rig.Device.HotResetGroup;
        if (group.Count == 0) throw new CaseSkippedException("neither the device's slot nor its bus can be reset");
        Require(group.Contains(rig.Device.Name), $"a hot reset of it resets {string.Join(", ", group)}, and not itself");
        if (group.Count > 1) throw new CaseSkippedException($"a hot reset resets {string.Join(", ", group)}, and only one of them is open");
        var id = rig.Device.VendorId;
        rig.Device.HotReset();
        Equal(id, rig.Device.VendorId, "the vendor ID after a hot reset");
        if (!CopyDrivers.Knows(id, rig.Device.DeviceId)) return;
        using var memory = rig.Iommu.Allocate(2 * s_page);
        Require(rig.Driver.Copy(memory.Iova, memory.Iova + s_page, DriverCases.Few(rig.Driver)), "the device copies nothing after a hot reset");
    }

    static void DirtyTracking(CaseRig rig)
    {
        if (!CopyDrivers.Knows(rig.Device.VendorId, rig.Device.DeviceId)) throw new CaseSkippedException("there is no driver that would make the device write");
        using var memory = rig.Iommu.Allocate(8 * s_page);
        using var dirty = Start(rig.Iommu);
        var range = IovaRange.Of(memory.Iova, memory.Size);
        dirty.Take(range);
        Require(rig.Driver.Copy(memory.Iova, memory.Iova + 5 * s_page, DriverCases.Few(rig.Driver)), "the copy failed");
        var written = dirty.Take(range);
        Require(written.Any(one => one.Covers(IovaRange.Of(memory.Iova + 5 * s_page, 64))), $"the page at 0x{memory.Iova + 5 * s_page:x} was written, and the IOMMU names {(written.Count == 0 ? "none" : string.Join(", ", written))}");
    }

    static DirtyTracking Start(Iommu iommu)
    {
        try
        {
            return iommu.TrackDirty();
        }
        catch (VfioException cannot)
        {
            throw new CaseSkippedException(cannot.Message);
        }
    }
}
