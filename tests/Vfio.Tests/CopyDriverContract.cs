using Understudy.Pci;
using Understudy.Pci.Tests;

namespace Understudy.Vfio.Tests;

/// <summary>The cases of the kernel's vfio_pci_driver_test, with their criteria, on a model and its driver in one process.</summary>
[Collection(nameof(Allocation))]
public abstract class CopyDriverContract : IDisposable
{
    private protected const ulong Unmapped = 0x70_0000_0000;
    static readonly TimeSpan s_silence = TimeSpan.FromMilliseconds(20);
    readonly Func<PciDevice> _create;
    readonly Iommu _iommu = Iommu.Open(IommuMode.Model);
    readonly VfioDevice _device;
    readonly CopyDriver _driver;
    readonly DmaBuffer _memory;

    private protected CopyDriverContract(Func<PciDevice> create)
    {
        _create = create;
        _device = VfioDevice.Open(create(), _iommu);
        _driver = CopyDrivers.For(_device)!;
        _driver.Init();
        _memory = _iommu.Allocate(1 << 20);
    }

    public void Dispose()
    {
        _driver.Dispose();
        _device.Dispose();
        _memory.Dispose();
        _iommu.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected VfioDevice Device => _device;

    private protected CopyDriver Driver => _driver;

    private protected Iommu Iommu => _iommu;

    private protected DmaBuffer Memory => _memory;

    private protected ulong Source => _memory.Iova;

    private protected ulong Destination => _memory.Iova + _memory.Size / 2;

    private protected ulong Few => Math.Max(64, _driver.LeastBytes);

    /// <summary>Stops the model's engine, or lets it go on.</summary>
    private protected abstract void Stall(PciDevice model, bool stalled);

    [Fact]
    public void It_can_be_removed_and_set_up_again_ten_times()
    {
        for (var i = 0; i < 10; i++)
        {
            _driver.Remove();
            _driver.Init();
        }
        CopyAndCompare(_driver.MostBytes, seed: 1);
    }

    [Fact]
    public void A_copy_of_the_largest_size_arrives_and_does_not_interrupt()
    {
        CopyAndCompare(_driver.MostBytes, seed: 2);
        _driver.Msi.MustNotFire(s_silence);
    }

    [Fact]
    public void A_copy_larger_than_the_device_takes_is_made_in_steps()
    {
        Fill(Source, 299_520, seed: 3);
        Assert.True(_driver.Copy(Source, Destination, 299_520));
        Assert.True(Same(299_520));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_copy_from_or_to_unmapped_memory_ends_and_does_not_interrupt(bool source)
    {
        _driver.Start(source ? Unmapped : Source, source ? Destination : Unmapped, 4096);
        Assert.False(_driver.Wait());
        _driver.Msi.MustNotFire(s_silence);
        CopyAndCompare(4096, seed: 4);
    }

    [Fact]
    public void Send_msi_fires_exactly_once()
    {
        _driver.SendMsi();
        Assert.Equal(1UL, _driver.Msi.Wait(TimeSpan.FromSeconds(10)));
        _driver.Msi.MustNotFire(s_silence);
    }

    [Fact]
    public void Good_copies_faults_and_messages_mix()
    {
        for (var i = 0; i < 10; i++)
        {
            CopyAndCompare(_driver.MostBytes, seed: i);
            _driver.Start(Unmapped, Destination, 4096);
            Assert.False(_driver.Wait());
            _driver.SendMsi();
            Assert.Equal(1UL, _driver.Msi.Wait(TimeSpan.FromSeconds(10)));
        }
    }

    [Fact]
    public void A_storm_of_the_most_copies_there_may_be_ends_well()
    {
        Fill(Source, (int)_driver.MostBytes, seed: 5);
        _driver.Start(Source, Destination, 1024, _driver.MostCopies);
        Assert.True(_driver.Wait());
        Assert.True(Same(1024));
        _driver.Msi.MustNotFire(s_silence);
    }

    [Fact]
    public void Memory_unmapped_in_the_middle_of_a_storm_ends_it_with_an_error()
    {
        using var target = _iommu.Allocate(1 << 14);
        // The storm must not be over by then, however late this thread is.
        lock (_device.Slot!.Clock.Gate)
        {
            _driver.Start(Source, target.Iova, 1 << 14, _driver.MostCopies);
            _iommu.Unmap(IovaRange.Of(target.Iova, target.Size));
        }
        Assert.False(_driver.Wait());
        CopyAndCompare(4096, seed: 6);
    }

    [Fact]
    public void Two_devices_share_an_iommu_and_each_copies_what_the_other_wrote()
    {
        using var other = VfioDevice.Open(_create(), _iommu);
        using var second = CopyDrivers.For(other)!;
        second.Init();
        Fill(Source, 4096, seed: 7);
        Assert.True(_driver.Copy(Source, Source + 8192, 4096));
        Assert.True(second.Copy(Source + 8192, Destination, 4096));
        Assert.True(Same(4096));
    }

    [Fact]
    public void Callers_are_held_to_the_contract()
    {
        Assert.Throws<InvalidOperationException>(_driver.Init);
        Assert.Throws<ArgumentOutOfRangeException>(() => _driver.Start(Source, Destination, _driver.MostBytes + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => _driver.Start(Source, Destination, Few, _driver.MostCopies + 1));
        Assert.Throws<InvalidOperationException>(() => _driver.Wait());
        _driver.Start(Source, Destination, Few);
        Assert.Contains("wait for it first", Assert.Throws<InvalidOperationException>(_driver.SendMsi).Message, StringComparison.Ordinal);
        Assert.True(_driver.Wait());
        _driver.Remove();
        Assert.Contains("not initialised", Assert.Throws<InvalidOperationException>(() => _driver.Start(Source, Destination, Few)).Message, StringComparison.Ordinal);
        _driver.Init();
    }

    [Fact]
    public void A_stalled_engine_is_told_apart_from_a_failed_one()
    {
        _device.Slot!.Stimulate("stall", card => { Stall(card, stalled: true); return 0; });
        _driver.Start(Source, Destination, Few);
        Assert.Throws<VfioException>(() => _driver.Wait(TimeSpan.FromMilliseconds(50)));
        _device.Slot!.Stimulate("go", card => { Stall(card, stalled: false); return 0; });
    }

    private protected void CopyAndCompare(ulong bytes, int seed)
    {
        Fill(Source, (int)bytes, seed);
        Assert.True(_driver.Copy(Source, Destination, bytes));
        Assert.True(Same((int)bytes));
    }

    private protected void Fill(ulong iova, int bytes, int seed)
    {
        var data = new byte[bytes];
        new Random(seed).NextBytes(data);
        _memory.Write(iova - _memory.Iova, data);
    }

    private protected bool Same(int bytes)
    {
        var (source, destination) = (new byte[bytes], new byte[bytes]);
        _memory.Read(0, source);
        _memory.Read(_memory.Size / 2, destination);
        return source.AsSpan().SequenceEqual(destination);
    }
}
