using System.CommandLine;
using Understudy.VfioProgram;

return new RootCommand("Drives PCI devices from user space, over the kernel's VFIO.") { VfioVerbs.List(), VfioVerbs.Setup(), VfioVerbs.Bind(), VfioVerbs.Unbind(), VfioVerbs.Features(), VfioVerbs.Test(), VfioVerbs.Measure() }
    .Parse(args).Invoke();
