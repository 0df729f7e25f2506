using Understudy.Devices;
using Understudy.Linux;
using Understudy.Pci;
using Understudy.Vfio.Cases;

namespace Understudy.Vfio.Tests;

/// <summary>What goes wrong on machines, and what is said then.</summary>
public sealed class BadInputTests : IDisposable
{
    const string Card = "0000:03:00.0";
    readonly string _bus = Directory.CreateTempSubdirectory("understudy-bus-").FullName;
    readonly Iommu _iommu = Iommu.Open(IommuMode.Model);

    public void Dispose()
    {
        _iommu.Dispose();
        Directory.Delete(_bus, recursive: true);
    }

    [Fact]
    public void A_card_that_is_not_there_is_named_with_what_addresses_look_like()
        => Says(() => KernelDevice.RequireBound(Card, _bus), Card, "vfio list", "0000:03:00.0");

    [Fact]
    public void A_card_of_another_driver_is_named_with_that_driver_and_how_to_bind_it()
    {
        Bound("nvme");
        Says(() => KernelDevice.RequireBound(Card, _bus), "bound to nvme, not to vfio-pci", $"understudy vfio bind {Card}");
    }

    [Fact]
    public void A_card_without_a_driver_is_named_with_how_to_bind_it()
    {
        Directory.CreateDirectory($"{_bus}/devices/{Card}");
        Says(() => KernelDevice.RequireBound(Card, _bus), "bound to no driver", $"understudy vfio bind {Card}");
    }

    [Fact]
    public void A_machine_without_an_IOMMU_is_told_from_one_whose_kernel_does_not_use_it()
    {
        Bound("vfio-pci");
        Says(() => KernelDevice.GroupOf(KernelDevice.RequireBound(Card, _bus)), "no IOMMU group", "intel_iommu=on");
    }

    [Fact]
    public void More_memory_than_may_be_locked_is_told_with_the_limit()
    {
        var refused = Iommu.Refused(new LinuxException("ioctl", Errno.ENOMEM, "VFIO_IOMMU_MAP_DMA"), "0x1000 bytes at device address 0x0 cannot be mapped");
        Assert.Contains("VFIO_IOMMU_MAP_DMA", refused.Message, StringComparison.Ordinal);
        Assert.Contains("ulimit -l", refused.Message, StringComparison.Ordinal);
        Assert.Equal(Errno.ENOMEM, refused.Errno);
    }

    [Fact]
    public void More_mappings_than_there_may_be_are_told_with_the_limit_and_how_to_raise_it()
    {
        var parameter = Path.Combine(_bus, "dma_entry_limit");
        File.WriteAllText(parameter, "65535\n");
        Assert.Contains("as many mappings as it may have, 65535: ", ContainerIommu.Full(parameter), StringComparison.Ordinal);
        Assert.Contains("vfio_iommu_type1.dma_entry_limit=", ContainerIommu.Full(parameter), StringComparison.Ordinal);
        Assert.Contains("as many mappings as it may have: ", ContainerIommu.Full(parameter + "-there-is-none"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_card_that_answers_all_ones_is_not_opened()
        => Says(() => VfioDevice.Open(new Ioat(), _iommu, new Pulled { IsPulled = true }), "answers all ones");

    [Theory]
    [InlineData("ioat")]
    [InlineData("nvme")]
    public void A_card_that_goes_in_the_middle_of_a_copy_is_gone_and_not_slow(string model)
    {
        var slot = new Pulled();
        using var card = VfioDevice.Open(Catalog.Find(model).Create(), _iommu, slot);
        using var memory = _iommu.Allocate(1 << 16);
        var driver = CopyDrivers.For(card)!;
        driver.Init();
        driver.Start(memory.Iova, memory.Iova + (memory.Size / 2), 4096, driver.MostCopies);
        slot.IsPulled = true;
        Says(() => driver.Wait(TimeSpan.FromMilliseconds(200)), "answers all ones");
        slot.IsPulled = false;
    }

    [Fact]
    public void A_driver_that_is_set_up_on_a_card_that_has_gone_says_so()
    {
        var slot = new Pulled();
        using var card = VfioDevice.Open(new Ioat(), _iommu, slot);
        using var driver = CopyDrivers.For(card)!;
        slot.IsPulled = true;
        Says(driver.Init, "answers all ones");
        slot.IsPulled = false;
    }

    [Fact]
    public void A_driver_whose_copies_interrupt_fails_the_cases_that_copy_and_passes_the_one_that_interrupts()
    {
        CopyDrivers.Add(0x494F, 0x0DC8, device => new Interrupts(device));
        var ktap = new StringWriter();
        VfioCases.Run([.. VfioCases.For([IommuMode.Model]).Where(one => one.Name.StartsWith("driver.memcpy_success", StringComparison.Ordinal) || one.Name.StartsWith("driver.send", StringComparison.Ordinal))],
            iommu => VfioDevice.Open(new PciIdio16(), iommu), ktap, TestContext.Current.CancellationToken);
        Assert.Contains("not ok 1 driver.memcpy_success.model", ktap.ToString(), StringComparison.Ordinal);
        Assert.Contains("fired 1 time, and should not have", ktap.ToString(), StringComparison.Ordinal);
        Assert.Contains("\nok 2 driver.send_msi.model", ktap.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Stopped_in_the_middle_the_case_under_way_ends_and_leaves_nothing_behind()
    {
        using var stop = new CancellationTokenSource();
        var (cards, iommus) = (new List<VfioDevice>(), new List<Iommu>());
        var ktap = new Stops(stop, after: 3);
        var cases = VfioCases.For([IommuMode.Model]).Where(one => one.Name.StartsWith("driver.", StringComparison.Ordinal)).ToList();
        VfioCases.Run(cases, iommu =>
        {
            iommus.Add(iommu);
            cards.Add(VfioDevice.Open(new Ioat(), iommu));
            return cards[^1];
        }, ktap, stop.Token);
        Assert.Equal(3, cards.Count);
        Assert.All(cards, card => Assert.False(card.BusMaster));
        Assert.All(iommus, iommu => Assert.Empty(iommu.Mapped));
    }

    void Bound(string driver)
    {
        Directory.CreateDirectory($"{_bus}/drivers/{driver}");
        Directory.CreateDirectory($"{_bus}/devices/{Card}");
        Directory.CreateSymbolicLink($"{_bus}/devices/{Card}/driver", $"../../drivers/{driver}");
    }

    static void Says(Action wrong, params string[] words)
    {
        var message = Assert.Throws<VfioException>(wrong).Message;
        Assert.All(words, word => Assert.Contains(word, message, StringComparison.Ordinal));
    }

    /// <summary>A slot whose card is gone while it says so.</summary>
    sealed class Pulled : BusInterceptor
    {
        public bool IsPulled { get; set; }

        public override void Handle(ref BusTransaction transaction, BusPath next)
        {
            if (IsPulled) transaction.Refuse(BusStatus.MasterAbort);
            else next.Send(ref transaction);
        }
    }

    /// <summary>Copies by itself, and interrupts each time, against the contract.</summary>
    sealed class Interrupts(VfioDevice device) : CopyDriver(device, "interrupts")
    {
        InterruptSet? _pin;

        public override ulong MostBytes => 4096;

        public override ulong MostCopies => 1;

        public override Interrupt Msi => _pin![0];

        protected override void OnInit() => _pin = Device.EnableInterrupts(InterruptKind.Intx);

        protected override void OnRemove() => _pin?.Dispose();

        protected override void OnStart(ulong source, ulong destination, ulong bytes, ulong copies)
        {
            var data = new byte[bytes];
            Assert.True(((ModelIommu)Device.Iommu).TryRead(source, data));
            Assert.True(((ModelIommu)Device.Iommu).TryWrite(destination, data));
            Msi.Trigger();
        }

        protected override bool OnWait(TimeSpan timeout) => true;

        protected override void OnSendMsi() => Msi.Trigger();
    }

    /// <summary>Asks for the end after so many results, as Ctrl-C does.</summary>
    sealed class Stops(CancellationTokenSource stop, int after) : StringWriter
    {
        int _results;

        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value?.StartsWith("ok ", StringComparison.Ordinal) == true && ++_results == after) stop.Cancel();
        }
    }
}
