using System.CommandLine;
using Understudy.VfioProgram;

namespace Understudy.Cli;

/// <summary><c>understudy vfio</c>: PCI devices of this machine, driven from user space.</summary>
static class VfioCommand
{
    public static Command Create() => new Verb("vfio", "Lists PCI devices of this machine, gives them to vfio-pci, and tries the kernel's VFIO on them",
        """
        understudy vfio list                      PCI functions, their IOMMU groups and drivers
        understudy vfio bind 0000:03:00.0         takes a function from its driver, for vfio-pci
        understudy vfio features 0000:03:00.0     what it offers beside registers, interrupts and DMA
        understudy vfio test 0000:03:00.0         the cases of the kernel's VFIO selftests, as KTAP
        understudy vfio test 0000:03:00.0 --mode vfio_type1v2_iommu --name 'driver.*'
        understudy vfio test ioat                 the same on a model, without a card
        understudy vfio test 0000:03:00.0 --driver-assembly MyDriver.dll        by a driver of your own
        understudy vfio measure 0000:03:00.0 --size 4096:1000 2097152:1000      how long mappings take
        understudy vfio record 0000:03:00.0 --as ioat      a guest drives the card, and we watch
        understudy vfio unbind 0000:03:00.0       gives it back
        """)
    {
        VfioVerbs.List(), VfioVerbs.Setup(), VfioVerbs.Bind(), VfioVerbs.Unbind(), VfioVerbs.Features(), VfioVerbs.Test(), VfioVerbs.Measure(), VfioRecordCommand.Create(),
    };
}
