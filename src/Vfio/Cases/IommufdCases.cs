using Understudy.Linux;
using static Understudy.Vfio.Cases.CaseRig;

namespace Understudy.Vfio.Cases;

/// <summary>The cases of <c>vfio_iommufd_setup_test.c</c>: a device node by itself, before this library has set it up.</summary>
static class IommufdCases
{
    const int NoSuchFile = -2;

    public static IEnumerable<(string Name, Action<CaseRig> Run)> All { get; } =
    [
        ("iommufd_setup.bind", rig => OnNode(rig, (node, iommufd) =>
        {
            Equal(0, Bind(node, iommufd.Number), "the errno of binding");
            Equal(0, GetInfo(node), "the errno of VFIO_DEVICE_GET_INFO once it is bound");
        })),
        ("iommufd_setup.get_info_without_bind_fails", rig => OnNode(rig, (node, _) => Require(GetInfo(node) != 0, "a device that is not bound gives its info"))),
        ("iommufd_setup.bind_bad_iommufd_fails", rig => OnNode(rig, (node, _) => Require(Bind(node, NoSuchFile) != 0, "a device is bound to a descriptor that is none"))),
        ("iommufd_setup.repeated_bind_fails", rig => OnNode(rig, (node, iommufd) =>
        {
            Equal(0, Bind(node, iommufd.Number), "the errno of binding");
            Require(Bind(node, iommufd.Number) != 0, "a device is bound twice");
        })),
        ("iommufd_setup.attach_detach_pt", rig => OnNode(rig, (node, iommufd) =>
        {
            Equal(0, Bind(node, iommufd.Number), "the errno of binding");
            Equal(0, Attach(node, ((IommufdIommu)rig.Iommu).Ioas), "the errno of attaching");
            var detach = new Uapi.Attach { Size = 8 };
            Equal(0, Errno(() => Ioctl.Structure(node, Uapi.DetachPageTable, ref detach, "VFIO_DEVICE_DETACH_IOMMUFD_PT")), "the errno of detaching");
        })),
        ("iommufd_setup.attach_invalid_pt_fails", rig => OnNode(rig, (node, iommufd) =>
        {
            Equal(0, Bind(node, iommufd.Number), "the errno of binding");
            Require(Attach(node, uint.MaxValue) != 0, "a device is attached to a page table that is none");
        })),
    ];

    // The rig's own device is closed first: a node can be bound by one.
    static void OnNode(CaseRig rig, Action<FileDescriptor, FileDescriptor> act)
    {
        var name = rig.Device.Name;
        rig.Device.Dispose();
        using var node = KernelDevice.OpenNode(KernelDevice.RequireBound(name));
        act(node, ((IommufdIommu)rig.Iommu).File);
    }

    static int Bind(FileDescriptor node, int iommufd)
    {
        var bind = new Uapi.Bind { Size = 16, Iommufd = iommufd };
        return Errno(() => Ioctl.Structure(node, Uapi.BindIommufd, ref bind, "VFIO_DEVICE_BIND_IOMMUFD"));
    }

    static int GetInfo(FileDescriptor node)
    {
        var info = new Uapi.DeviceInfo { Size = Uapi.SizeOf<Uapi.DeviceInfo>() };
        return Errno(() => Ioctl.Structure(node, Uapi.DeviceGetInfo, ref info, "VFIO_DEVICE_GET_INFO"));
    }

    static int Attach(FileDescriptor node, uint table)
    {
        var attach = new Uapi.Attach { Size = Uapi.SizeOf<Uapi.Attach>(), PageTable = table };
        return Errno(() => Ioctl.Structure(node, Uapi.AttachPageTable, ref attach, "VFIO_DEVICE_ATTACH_IOMMUFD_PT"));
    }

    static int Errno(Func<int> call)
    {
        try
        {
            call();
            return 0;
        }
        catch (LinuxException refused)
        {
            return refused.Errno;
        }
    }
}
