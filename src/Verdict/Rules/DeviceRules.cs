namespace Understudy.Verdict.Rules;

/// <summary>Between driver and device (kernel/irq/spurious.c, kernel/dma/debug.c, net/sched/sch_generic.c, drivers/pci/pcie/aer.c,
/// drivers/iommu).</summary>
static class DeviceRules
{
    public static readonly KernelRule[] All =
    [
        new("irq-nobody-cared", Severity.Error, ": nobody cared",
            @"irq \d+: nobody cared",
            "irq: nobody cared[ ({frame})]")
        {
            Body = @"^\s*\[<[0-9a-fx]+>\] (?<func>[A-Za-z_]\w*)( |$)",
            End = "Disabling IRQ #",
            SkipFrames = ["__report_bad_irq", "note_interrupt", "handle_*", "__common_interrupt"],
        },
        new("irq-bogus-return", Severity.Error, "bogus return value",
            @"irq event \d+: bogus return value",
            "irq: bogus return value[ in {frame}]"),
        new("dma-api", Severity.Error, "DMA-API: ",
            @"DMA-API: (?<driver>\S+) \S+: (?<what>[^\[(]*[a-z])",
            "DMA-API: {driver}: {what}") { Absorbs = ["warning"], SkipFrames = ["check_*", "debug_dma_*", "dma_*", "err_printk"] },
        // A WARN() with a trace up to 6.9, one line after that.
        new("netdev-watchdog", Severity.Error, "NETDEV WATCHDOG: ",
            @"NETDEV WATCHDOG: (?<dev>\S+) \((?<driver>[^)]*)\): transmit queue (?<queue>\d+) timed out",
            "NETDEV WATCHDOG: {dev} ({driver}): transmit queue {queue} timed out") { Absorbs = ["warning"] },
        new("netdev-watchdog", Severity.Error, "NETDEV WATCHDOG: ",
            @"(?<driver>\S+) \S+ (?<dev>[^ :]+)( \([^)]*\))?: NETDEV WATCHDOG: .*transmit queue (?<queue>\d+) timed out",
            "NETDEV WATCHDOG: {dev} ({driver}): transmit queue {queue} timed out") { OneLine = true },
        new("aer", Severity.Error, "AER: ",
            @".*AER: ((Multiple )?Uncorrect(ed|able) \((?<kind>Fatal|Non-Fatal)\) error( message)? received|can't recover)",
            "AER: uncorrectable error[ ({kind})]") { OneLine = true },
        new("aer", Severity.Warning, "AER: ",
            ".*AER: (Multiple )?Correct(ed|able) error( message)? received",
            "AER: corrected error") { OneLine = true },
        new("aer-bus", Severity.Error, "PCIe Bus Error: ",
            @"(?<driver>\S+) \S+: PCIe Bus Error: severity=Uncorrect(ed|able) \((?<kind>[^)]*)\), type=(?<type>[^,]+)",
            "PCIe Bus Error: {driver}: uncorrectable ({kind}), {type}") { OneLine = true },
        new("aer-bus", Severity.Warning, "PCIe Bus Error: ",
            @"(?<driver>\S+) \S+: PCIe Bus Error: severity=Correct(ed|able), type=(?<type>[^,]+)",
            "PCIe Bus Error: {driver}: corrected, {type}") { OneLine = true },
        new("iommu", Severity.Error, "[DMA ", @"DMAR: \[DMA (?<kind>Read|Write)", "IOMMU: DMA {kind} fault") { OneLine = true },
        new("iommu", Severity.Error, "[INTR-REMAP]",
            @"DMAR: \[INTR-REMAP\] Request device",
            "IOMMU: interrupt remapping fault") { OneLine = true },
        new("iommu", Severity.Error, "IO_PAGE_FAULT",
            @".*AMD-Vi: Event logged \[IO_PAGE_FAULT|.*Event logged \[IO_PAGE_FAULT",
            "IOMMU: DMA fault") { OneLine = true },
        new("mce", Severity.Fatal, "Machine check",
            @"mce: \[Hardware Error\]: (CPU \d+: )?Machine check",
            "machine check") { OneLine = true },
    ];
}
