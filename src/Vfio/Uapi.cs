using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Understudy.Vfio;

/// <summary>The numbers and layouts of the kernel's interface (include/uapi/linux/vfio.h and iommufd.h).</summary>
static class Uapi
{
    public const uint GetApiVersion = 0x3B64, CheckExtension = 0x3B65, SetIommu = 0x3B66;
    public const uint GroupGetStatus = 0x3B67, GroupSetContainer = 0x3B68, GroupGetDevice = 0x3B6A;
    public const uint DeviceGetInfo = 0x3B6B, DeviceGetRegionInfo = 0x3B6C, DeviceGetIrqInfo = 0x3B6D, DeviceSetIrqs = 0x3B6E, DeviceReset = 0x3B6F;
    public const uint IommuGetInfo = 0x3B70, IommuMapDma = 0x3B71, IommuUnmapDma = 0x3B72;
    public const uint GetHotResetInfo = 0x3B70, HotReset = 0x3B71, IommuDirtyPages = 0x3B75;
    public const uint DeviceFeature = 0x3B75, BindIommufd = 0x3B76, AttachPageTable = 0x3B77, DetachPageTable = 0x3B78;
    public const uint IoasAlloc = 0x3B81, IoasIovaRanges = 0x3B84, IoasMap = 0x3B85, IoasUnmap = 0x3B86;
    public const uint PageTableAllocate = 0x3B89, GetHardwareInfo = 0x3B8A, SetDirtyTracking = 0x3B8B, GetDirtyBitmap = 0x3B8C;

    public const int ConfigRegion = 7;
    public const int RangeCapability = 1, AvailableCapability = 3;
    public const uint MapRead = 1, MapWrite = 2, UnmapAll = 2;
    public const uint IoasFixedIova = 1, IoasWriteable = 2, IoasReadable = 4;
    public const uint ResetSupported = 1, RegionMappable = 4, GroupViable = 1;
    public const uint NoData = 1, EventFdData = 4, ActionMask = 8, ActionUnmask = 16, ActionTrigger = 32;
    public const uint BindToken = 1, FeatureVfToken = 0;
    public const uint FeatureGet = 1 << 16, FeatureSet = 1 << 17, FeatureProbe = 1 << 18;

    public const uint DirtyStart = 1, DirtyStop = 2, DirtyGet = 4;
    public const uint PageTableTracksDirty = 2, SetDirtyTrackingOn = 1;
    public const ulong HardwareTracksDirty = 1;
    public const uint HotResetByDevice = 1, HotResetAllOwned = 2;

    [StructLayout(LayoutKind.Sequential)]
    public struct DirtyBitmap { public ulong Iova, Bytes, Page, BitmapBytes, Bitmap; }

    [StructLayout(LayoutKind.Sequential)]
    public struct HardwareInfo { public uint Size, Flags, DeviceId, DataBytes; public ulong Data; public uint DataType; public byte MostPasid, Reserved0, Reserved1, Reserved2; public ulong Capabilities; }

    [StructLayout(LayoutKind.Sequential)]
    public struct AllocatePageTable { public uint Size, Flags, DeviceId, Parent, Id, Reserved, DataType, DataBytes; public ulong Data; public uint Fault, Reserved2; }

    [StructLayout(LayoutKind.Sequential)]
    public struct TrackDirty { public uint Size, Flags, PageTable, Reserved; }

    [StructLayout(LayoutKind.Sequential)]
    public struct PageTableDirty { public uint Size, PageTable, Flags, Reserved; public ulong Iova, Bytes, Page, Bitmap; }

    [StructLayout(LayoutKind.Sequential)]
    public struct AffectedDevice { public uint GroupOrDevice; public ushort Segment; public byte Bus, DeviceFunction; }

    [StructLayout(LayoutKind.Sequential)]
    public struct GroupStatus { public uint Size, Flags; }

    [StructLayout(LayoutKind.Sequential)]
    public struct DeviceInfo { public uint Size, Flags, Regions, Irqs, CapabilityOffset, Pad; }

    [StructLayout(LayoutKind.Sequential)]
    public struct RegionInfo { public uint Size, Flags, Index, CapabilityOffset; public ulong Bytes, Offset; }

    [StructLayout(LayoutKind.Sequential)]
    public struct IrqInfo { public uint Size, Flags, Index, Count; }

    [StructLayout(LayoutKind.Sequential)]
    public struct IrqSet { public uint Size, Flags, Index, Start, Count; }

    [StructLayout(LayoutKind.Sequential)]
    public struct MapDma { public uint Size, Flags; public ulong Address, Iova, Bytes; }

    [StructLayout(LayoutKind.Sequential)]
    public struct UnmapDma { public uint Size, Flags; public ulong Iova, Bytes; }

    [StructLayout(LayoutKind.Sequential)]
    public struct Type1Info { public uint Size, Flags; public ulong PageSizes; public uint CapabilityOffset, Pad; }

    [StructLayout(LayoutKind.Sequential)]
    public struct Bind { public uint Size, Flags; public int Iommufd; public uint DeviceId; public ulong Token; }

    [StructLayout(LayoutKind.Sequential)]
    public struct Attach { public uint Size, Flags, PageTable, Pasid; }

    [StructLayout(LayoutKind.Sequential)]
    public struct AllocateIoas { public uint Size, Flags, Id; }

    [StructLayout(LayoutKind.Sequential)]
    public struct MapIoas { public uint Size, Flags, Id, Reserved; public ulong Address, Bytes, Iova; }

    [StructLayout(LayoutKind.Sequential)]
    public struct UnmapIoas { public uint Size, Id; public ulong Iova, Bytes; }

    [StructLayout(LayoutKind.Sequential)]
    public struct IovaRanges { public uint Size, Id, Count, Reserved; public ulong Ranges, Alignment; }

    /// <summary>The size of a structure, as its first word wants it.</summary>
    public static uint SizeOf<T>() where T : unmanaged => (uint)Unsafe.SizeOf<T>();
}
