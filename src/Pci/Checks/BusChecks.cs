namespace Understudy.Pci;

/// <summary>Every check there is: those of the slot, which always look, and those of a <see cref="BusChecker"/>. None knows the driver.</summary>
public static class BusChecks
{
    /// <summary>All of them, by name.</summary>
    public static IReadOnlyList<CheckInfo> All { get; } =
    [
        new("access-after-removal", "goes on polling a card that has answered nothing for a thousand accesses"),
        new("access-in-d3", "touches a BAR while the function is in D3, where only configuration space answers"),
        new("access-while-off", "touches a BAR that Memory or I/O Space Enable has switched off, or what lies behind its end"),
        new("bus-master-at-remove", "is gone and has left Bus Master Enable on: the card may still write memory that is somebody else's now"),
        new("dma-misled", "the device, not the driver: a fault has lied to it, and it uses an address that is not mapped", CheckSeverity.Info),
        new("dma-unmapped", "has the card use an address that is not mapped: never given, or taken back too early", CheckSeverity.Error),
        new("dma-without-bus-master", "has the card master the bus without Bus Master Enable"),
        new("interrupt-at-remove", "is gone and has left its interrupt pin asserted, which disturbs all who share the line"),
        new("interrupt-left-masked", "is gone, and an interrupt raised while its vector was masked has never been seen"),
        new("interrupt-lost", "has enabled neither MSI nor MSI-X on a card whose interrupts are messages"),
        new("interrupt-unacknowledged", "goes on using the card and does not take away the cause of an interrupt that it was sent a second of device time ago"),
        new("message-unprogrammed", "has unmasked an MSI-X vector with no message address: the card writes to address 0", CheckSeverity.Error),
        new("message-without-bus-master", "waits for messages without Bus Master Enable"),
        new("no-such-vector", "the device, not the driver: it raised a vector that it has not"),
        new("not-modelled", "uses what the model only stores", CheckSeverity.Info),
        new("read-only-write", "writes a register that only the device changes"),
        new("reserved-bits", "changes bits that the datasheet reserves"),
        new("undocumented-offset", "touches what no datasheet documents"),
        new("unflushed-write", "is gone, and its last word to the card was a posted write that nothing pushed out: it may arrive after the memory behind it was freed", CheckSeverity.Info),
        new("wrong-size", "touches a register at another size or alignment than its own"),
    ];

    /// <summary>The check of a name; null where only a model knows it.</summary>
    public static CheckInfo? Find(string name) => All.FirstOrDefault(check => check.Name == name);
}
