using static Understudy.Vfio.Cases.CaseRig;

namespace Understudy.Vfio.Cases;

/// <summary>The cases of <c>vfio_pci_sriov_uapi_test.c</c>: a virtual function is opened by whoever knows its token, and by nobody else.</summary>
static class SriovCases
{
    static readonly Guid s_first = new("3f2a91d4-0c57-4e6b-9b1e-7d20c85a1f63"), s_second = new("c4e07b18-5d9a-4f32-8a6c-21f3be904d7e");

    public static IEnumerable<(string Name, Action<CaseRig> Run)> All { get; } =
    [
        .. WithTokens("sriov.init_token_match", _ => s_first),
        .. WithTokens("sriov.pf_early_close", pf =>
        {
            pf.Dispose();
            return s_first;
        }),
        .. WithTokens("sriov.override_token", pf =>
        {
            pf.SetVfToken(s_second);
            return s_second;
        }),
    ];

    // What is done to the physical function says which token counts then.
    static IEnumerable<(string, Action<CaseRig>)> WithTokens(string name, Func<VfioDevice, Guid> act) =>
    [
        ($"{name}.same_uuid", rig => Open(rig, s_first, act)),
        ($"{name}.diff_uuid", rig => Open(rig, s_second, act)),
        ($"{name}.null_uuid", rig => Open(rig, null, act)),
    ];

    static void Open(CaseRig rig, Guid? token, Func<VfioDevice, Guid> act)
    {
        // Where no function has any, the device need not be opened.
        var physical = PciFunction.All().FirstOrDefault(function => function.MostVirtualFunctions > 0 && function.Address == rig.Device.Name) ?? throw new CaseSkippedException("the device has no virtual functions");
        rig.Device.Dispose();
        using var pf = VfioDevice.Open(physical.Address, rig.Iommu, s_first);
        physical.SetVirtualFunctions(1);
        try
        {
            var wanted = act(pf);
            Equal(token == wanted, Opens(physical.VirtualFunctions[0], rig.Iommu, token), $"opening the virtual function with the token '{token}', where it is '{wanted}'");
        }
        finally
        {
            physical.SetVirtualFunctions(0);
        }
    }

    static bool Opens(PciFunction function, Iommu iommu, Guid? token)
    {
        try
        {
            VfioDevice.Open(function.Address, iommu, token).Dispose();
            return true;
        }
        catch (VfioException refused) when (refused.Errno != 0)
        {
            return false;
        }
    }
}
