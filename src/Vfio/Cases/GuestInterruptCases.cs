using System.Diagnostics;
using System.Globalization;
using Understudy.Linux;
using Understudy.Vfio.Kvm;
using static Understudy.Vfio.Cases.CaseRig;

namespace Understudy.Vfio.Cases;

/// <summary>A device's messages are a virtual machine's interrupts, by KVM_IRQFD, which is what device assignment is: cases of our own, after the
/// idea of upstream's <c>vfio_pci_device_irq_test</c> for KVM.</summary>
static class GuestInterruptCases
{
    const byte FirstVector = 0x40;
    const int MostVectors = 16, Messages = 100;
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30), s_silence = TimeSpan.FromMilliseconds(10);

    public static IEnumerable<(string Name, Action<CaseRig> Run)> All { get; } =
    [
        ("guest_irq.each_vector.msi", rig => EachVector(rig, InterruptKind.Msi)),
        ("guest_irq.each_vector.msix", rig => EachVector(rig, InterruptKind.Msix)),
        ("guest_irq.send_msi", SendMsi),
        ("guest_irq.returned", Returned),
    ];

    static InterruptGuest Start()
    {
        try
        {
            return new InterruptGuest();
        }
        catch (VfioException none) when (none.Errno is Errno.ENOENT or Errno.ENODEV or Errno.EACCES or Errno.EPERM)
        {
            throw new CaseSkippedException(none.Message);
        }
    }

    // Each vector of the device is one of the guest's, and no other.
    static void EachVector(CaseRig rig, InterruptKind kind)
    {
        var count = Math.Min(MostVectors, rig.Device.Interrupts(kind));
        if (count == 0) throw new CaseSkippedException($"the device has no {kind}");
        using var vectors = rig.Device.EnableInterrupts(kind, count);
        using var guest = Start();
        for (var i = 0; i < count; i++) guest.Route((byte)(FirstVector + i), vectors[i].Event);
        foreach (var vector in vectors.Concat(vectors.Reverse()))
        {
            vector.Trigger();
            Took(guest, (byte)(FirstVector + vector.Vector), $"after {kind} vector {vector.Vector}");
        }
        Require(guest.Take(s_silence) is null, "the guest took an interrupt that nobody sent");
    }

    static void SendMsi(CaseRig rig)
    {
        var driver = rig.Driver;
        using var guest = Start();
        guest.Route(FirstVector, driver.Msi.Event);
        var took = new List<double>(Messages);
        for (var i = 0; i < Messages; i++)
        {
            var sent = Stopwatch.GetTimestamp();
            driver.SendMsi();
            Took(guest, FirstVector, $"after message {i + 1} of {driver.Name}");
            took.Add(Stopwatch.GetElapsedTime(sent).TotalMicroseconds);
        }
        Require(guest.Take(s_silence) is null, "the guest took more interrupts than were sent");
        Equal(0UL, driver.Msi.Take(), "messages that came here and not to the guest alone");
        took.Sort();
        rig.Note = string.Create(CultureInfo.InvariantCulture, $"{Messages} messages, the guest said so after {took[Messages / 2]:F0} us, half of the times");
    }

    // What is the guest's is no longer so once it is taken from it.
    static void Returned(CaseRig rig)
    {
        var driver = rig.Driver;
        using var guest = Start();
        guest.Route(FirstVector, driver.Msi.Event);
        driver.SendMsi();
        Took(guest, FirstVector, "after a message");
        guest.Unroute(FirstVector);
        driver.SendMsi();
        Equal(1UL, driver.Msi.Wait(s_patience), "messages here after the guest's were taken from it");
        Require(guest.Take(s_silence) is null, "the guest took an interrupt that was no longer its own");
    }

    static void Took(InterruptGuest guest, byte expected, string when)
    {
        var taken = guest.Take(s_patience);
        Require(taken == expected, $"{when} the guest took {(taken is { } other ? $"interrupt 0x{other:x}" : "none")}, expected 0x{expected:x}");
    }
}
