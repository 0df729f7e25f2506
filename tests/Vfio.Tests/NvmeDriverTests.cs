using Understudy.Devices;
using Understudy.Pci;

namespace Understudy.Vfio.Tests;

/// <summary>The NVMe driver on its model.</summary>
public sealed class NvmeDriverTests() : CopyDriverContract(() => new Nvme())
{
    const int KeptBlocks = 256;

    private protected override void Stall(PciDevice model, bool stalled)
    {
        if (stalled) ((Nvme)model).HoldNext(1000);
        else ((Nvme)model).BehaveAgain();
    }

    [Fact]
    public void The_driver_is_found_by_the_devices_id() => Assert.IsType<NvmeDriver>(Driver);

    [Fact]
    public void The_blocks_that_were_used_hold_again_what_they_held()
    {
        var before = Hash();
        CopyAndCompare(Driver.MostBytes, seed: 11);
        Assert.NotEqual(before, Hash());
        Driver.Remove();
        Assert.Equal(before, Hash());
        Driver.Init();
    }

    [Fact]
    public void Memory_that_starts_in_the_middle_of_a_page_is_copied_too()
    {
        Fill(Source + 512, 12 << 10, seed: 12);
        Assert.True(Driver.Copy(Source + 512, Destination + 1536, 12 << 10));
        byte[] sent = new byte[12 << 10], received = new byte[12 << 10];
        Memory.Read(512, sent);
        Memory.Read(Memory.Size / 2 + 1536, received);
        Assert.Equal(sent, received);
    }

    [Fact]
    public void What_is_no_multiple_of_a_block_is_refused()
        => Assert.Contains("multiples of 512", Assert.Throws<ArgumentException>(() => Driver.Start(Source, Destination, 1000)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_command_that_fails_fails_the_copy_and_nothing_after_it()
    {
        Device.Slot!.Stimulate("fail", card => { ((Nvme)card).FailNext(NvmeStatus.WriteFault); return 0; });
        Driver.Start(Source, Destination, 4096, 100);
        Assert.False(Driver.Wait());
        CopyAndCompare(4096, seed: 13);
    }

    string Hash() => Device.Slot!.Stimulate("hash", card =>
    {
        var only = ((Nvme)card).Namespaces[0];
        return only.Sha256(only.Blocks - KeptBlocks, KeptBlocks);
    });
}
