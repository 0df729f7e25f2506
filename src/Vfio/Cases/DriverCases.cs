using static Understudy.Vfio.Cases.CaseRig;

namespace Understudy.Vfio.Cases;

/// <summary>The cases of <c>vfio_pci_driver_test.c</c>.</summary>
static class DriverCases
{
    const ulong MostCopied = 512UL << 20, MostInStorm = 250UL << 30;
    static readonly TimeSpan s_silence = TimeSpan.FromMilliseconds(10), s_patience = TimeSpan.FromSeconds(60);

    public static IEnumerable<(string Name, Action<CaseRig> Run)> All { get; } =
    [
        ("driver.init_remove", InitRemove),
        ("driver.memcpy_success", rig => With(rig, Copy)),
        ("driver.memcpy_from_unmapped_iova", rig => With(rig, (driver, memory) => Fault(driver, Unmapped(rig), memory.Iova))),
        ("driver.memcpy_to_unmapped_iova", rig => With(rig, (driver, memory) => Fault(driver, memory.Iova, Unmapped(rig)))),
        ("driver.send_msi", rig => SendMsi(rig.Driver)),
        ("driver.mix_and_match", rig => With(rig, (driver, memory) =>
        {
            for (var i = 0; i < 10; i++)
            {
                Copy(driver, memory);
                Fault(driver, Unmapped(rig), memory.Iova);
                SendMsi(driver);
            }
        })),
        ("driver.memcpy_storm", rig => With(rig, Storm)),
    ];

    static void InitRemove(CaseRig rig)
    {
        for (var i = 0; i < 10; i++)
        {
            rig.Driver.Remove();
            rig.Driver.Init();
        }
    }

    static void With(CaseRig rig, Action<CopyDriver, DmaBuffer> act)
    {
        using var memory = rig.Iommu.Allocate(2 * Bytes(rig.Driver));
        act(rig.Driver, memory);
        rig.Driver.Msi.MustNotFire(s_silence);
    }

    static ulong Bytes(CopyDriver driver) => Math.Max((ulong)Environment.SystemPageSize, Math.Min(driver.MostBytes, MostCopied));

    static void Copy(CopyDriver driver, DmaBuffer memory)
    {
        var bytes = (int)Math.Min(driver.MostBytes, MostCopied);
        var (sent, received) = (new byte[bytes], new byte[bytes]);
        Random.Shared.NextBytes(sent);
        memory.Write(0, sent);
        Require(driver.Copy(memory.Iova, memory.Iova + memory.Size / 2, (ulong)bytes), $"a copy of {bytes} bytes failed");
        memory.Read(memory.Size / 2, received);
        Require(sent.AsSpan().SequenceEqual(received), $"a copy of {bytes} bytes differs from what was copied");
    }

    // Whether it reports an error is the driver's; that it ends is what counts.
    static void Fault(CopyDriver driver, ulong source, ulong destination)
    {
        driver.Start(source, destination, Few(driver));
        driver.Wait(s_patience);
    }

    /// <summary>As few bytes as a driver copies, and not fewer than 64.</summary>
    internal static ulong Few(CopyDriver driver) => Math.Max(Math.Max(driver.LeastBytes, driver.Granule), 64);

    static void SendMsi(CopyDriver driver)
    {
        driver.SendMsi();
        Equal(1UL, driver.Msi.Wait(s_patience), "messages after one was asked for");
    }

    static void Storm(CopyDriver driver, DmaBuffer memory)
    {
        var bytes = Bytes(driver);
        driver.Start(memory.Iova, memory.Iova + memory.Size / 2, Math.Min(bytes, driver.MostBytes), Math.Min(driver.MostCopies, MostInStorm / bytes));
        Require(driver.Wait(s_patience), "the device reported an error");
    }

    static ulong Unmapped(CaseRig rig)
    {
        rig.RequireIommu();
        return rig.Iommu.NewAddress((ulong)Environment.SystemPageSize);
    }
}
