using System.Diagnostics;
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
        ("driver.two_devices", TwoDevices),
        ("driver.dma_after_close", AfterClose),
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
        Fill(sent);
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

    // Both copy at the same time, and then each what the other wrote.
    static void TwoDevices(CaseRig rig)
    {
        const int bytes = 1024, page = 4096;
        var first = rig.Driver;
        using var other = rig.OpenAnother();
        using var second = DriverFor(other);
        second.Init();
        using var memory = rig.Iommu.Allocate(4 * page);
        var (sent, received) = (new byte[bytes], new byte[bytes]);
        Fill(sent);
        memory.Write(0, sent);
        first.Start(memory.Iova, memory.Iova + page, bytes);
        second.Start(memory.Iova, memory.Iova + 3 * page, bytes);
        Require(first.Wait() & second.Wait(), "a copy failed while the other device was copying");
        Require(second.Copy(memory.Iova + page, memory.Iova + 2 * page, bytes) && first.Copy(memory.Iova + 3 * page, memory.Iova, bytes), "a copy of what the other device wrote failed");
        foreach (var place in (ReadOnlySpan<ulong>)[0, page, 2 * page, 3 * page])
        {
            memory.Read(place, received);
            Require(sent.AsSpan().SequenceEqual(received), $"what the two devices copied to 0x{place:x} of the memory differs");
        }
    }

    // Closed in the middle of its work, the device reaches memory no more, though that is still mapped.
    static void AfterClose(CaseRig rig)
    {
        var driver = DriverFor(rig.Device);
        driver.Init();
        var bytes = Math.Min(Bytes(driver), driver.MostBytes);
        using var memory = rig.Iommu.Allocate(2 * Bytes(driver));
        driver.Start(memory.Iova, memory.Iova + memory.Size / 2, bytes, Math.Min(driver.MostCopies, MostInStorm / bytes));
        rig.Device.Dispose();
        var (mark, seen) = (new byte[bytes], new byte[bytes]);
        Array.Fill(mark, (byte)0x5A);
        memory.Write(memory.Size / 2, mark);
        for (var closed = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(closed) < s_silence;)
        {
            memory.Read(memory.Size / 2, seen);
            Require(mark.AsSpan().SequenceEqual(seen), "the device wrote to memory after it was closed");
        }
    }

    static ulong Unmapped(CaseRig rig)
    {
        rig.RequireIommu();
        return rig.Iommu.NewAddress((ulong)Environment.SystemPageSize);
    }
}
