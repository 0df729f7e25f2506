using Understudy.Linux;
using Understudy.Transports.VfioUser;
using static Understudy.Transports.Tests.ScriptedClient;

namespace Understudy.Transports.Tests;

public sealed class DmaTests
{
    const int DmaMap = 2, DmaUnmap = 3;

    [Fact]
    public async Task A_device_reads_and_writes_memory_that_the_machine_shares()
    {
        await using var rig = new Rig();
        using var client = rig.Boot();
        var data = Enumerable.Range(0, 0x2000).Select(i => (byte)(i * 7)).ToArray();
        rig.Memory.Write(0x1003, data);
        client.Write(0, ProbeDevice.AddressAt, Bytes(0x1003UL));
        client.Write32(0, ProbeDevice.LengthAt, (uint)data.Length);
        client.Write32(0, ProbeDevice.CommandAt, ProbeDevice.ReadMemory);
        Assert.Equal(1u, client.Read32(0, ProbeDevice.ResultAt));
        Assert.Equal(data, client.Read(0, ProbeDevice.WindowAt, data.Length));
        client.Write(0, ProbeDevice.AddressAt, Bytes(0x8001UL));
        client.Write32(0, ProbeDevice.CommandAt, ProbeDevice.WriteMemory);
        Assert.Equal(data, rig.MemoryAt(0x8001, data.Length));
    }

    [Fact]
    public async Task A_transfer_may_cross_from_one_range_into_the_next_and_each_has_its_place_in_the_file()
    {
        await using var rig = new Rig();
        using var client = rig.Connect();
        client.Enable();
        client.Call(DmaMap, Map(0x10000, 0x1000, offset: 0x5000), rig.File);
        client.Call(DmaMap, Map(0x11000, 0x1000, offset: 0x2000), rig.File);
        client.Call(DmaMap, Map(0x12000, 0x1000, offset: 0x9000), rig.File);
        var data = Enumerable.Range(0, 0x1800).Select(i => (byte)i).ToArray();
        Assert.True(rig.Slot.Ask(device => device.Writes(0x10C00, data)));
        Assert.Equal(data[..0x400], rig.MemoryAt(0x5C00, 0x400));
        Assert.Equal(data[0x400..0x1400], rig.MemoryAt(0x2000, 0x1000));
        Assert.Equal(data[0x1400..], rig.MemoryAt(0x9000, 0x400));
        var back = new byte[data.Length];
        Assert.True(rig.Slot.Ask(device => device.Reads(0x10C00, back)));
        Assert.Equal(data, back);
    }

    [Fact]
    public async Task A_transfer_that_is_not_mapped_to_its_end_fails_and_leaves_no_part_behind()
    {
        await using var rig = new Rig();
        using var client = rig.Connect();
        client.Enable();
        client.Call(DmaMap, Map(0x10000, 0x1000), rig.File);
        client.Call(DmaMap, Map(0x12000, 0x1000), rig.File);
        Assert.False(rig.Slot.Ask(device => device.Writes(0x10FFF, [1, 2])));
        Assert.False(rig.Slot.Ask(device => device.Writes(0x11FFF, [1, 2])));
        Assert.Equal([0], rig.MemoryAt(0xFFF, 1));
        Assert.False(rig.Slot.Ask(device => device.Writes(ulong.MaxValue, [1, 2])));
        Assert.Contains(rig.Slot.Findings, finding => finding.Check == "dma-unmapped");
    }

    [Fact]
    public async Task Addresses_go_to_the_top_of_the_space()
    {
        await using var rig = new Rig();
        using var client = rig.Connect();
        client.Enable();
        client.Call(DmaMap, Map(ulong.MaxValue - 0xFFF, 0x1000), rig.File);
        Assert.True(rig.Slot.Ask(device => device.Writes(ulong.MaxValue, [0x5A])));
        Assert.Equal([0x5A], rig.MemoryAt(0xFFF, 1));
        Assert.False(rig.Slot.Ask(device => device.Writes(ulong.MaxValue, [1, 2])));
        client.Call(DmaUnmap, Unmap(1UL << 63, 1UL << 63));
        Assert.False(rig.Slot.Ask(device => device.Writes(ulong.MaxValue, [1])));
    }

    [Fact]
    public async Task Memory_may_be_larger_than_four_gigabytes()
    {
        await using var rig = new Rig();
        using var client = rig.Connect();
        client.Enable();
        const long size = 6L << 30;
        using var file = FileDescriptor.CreateMemory("large", size);
        file.SealAgainstShrinking();
        using var view = SharedMapping.Map(file, (ulong)size - 0x1000, 0x1000, writable: false);
        client.Call(DmaMap, Map(0x1_0000_0000, (ulong)size), file);
        Assert.True(rig.Slot.Ask(device => device.Writes(0x1_0000_0000 + (ulong)size - 4, [1, 2, 3, 4])));
        var end = new byte[4];
        view.Read(0xFFC, end);
        Assert.Equal([1, 2, 3, 4], end);
    }

    [Fact]
    public async Task Read_only_memory_is_not_written()
    {
        await using var rig = new Rig();
        using var client = rig.Connect();
        client.Enable();
        client.Call(DmaMap, Map(0, 0x1000, flags: 1), rig.File);
        client.Call(DmaMap, Map(0x1000, 0x1000, flags: 2), rig.File);
        Assert.True(rig.Slot.Ask(device => device.Reads(0, new byte[16])));
        Assert.False(rig.Slot.Ask(device => device.Writes(0, [1])));
        Assert.True(rig.Slot.Ask(device => device.Writes(0x1000, [1])));
        Assert.False(rig.Slot.Ask(device => device.Reads(0x1000, new byte[16])));
    }

    [Fact]
    public async Task Unmapping_takes_whole_ranges_or_nothing()
    {
        await using var rig = new Rig();
        using var client = rig.Connect();
        client.Enable();
        for (var i = 0UL; i < 4; i++) client.Call(DmaMap, Map(i << 12, 0x1000, i << 12), rig.File);
        Assert.Equal(Errno.EINVAL, client.ErrorOf(DmaUnmap, Unmap(0x800, 0x1000)));
        Assert.Equal(Errno.EINVAL, client.ErrorOf(DmaUnmap, Unmap(0x1000, 0x1800)));
        Assert.Equal(Errno.EINVAL, client.ErrorOf(DmaUnmap, Unmap(0, 0)));
        Assert.Equal(Errno.EINVAL, client.ErrorOf(DmaUnmap, Unmap(ulong.MaxValue, 2)));
        Assert.Equal(Errno.ENOTSUP, client.ErrorOf(DmaUnmap, Unmap(0, 0x1000, flags: 1)));
        Assert.True(rig.Slot.Ask(device => device.Writes(0, new byte[0x4000])));
        Assert.Equal(Unmap(0x1000, 0x2000), client.Call(DmaUnmap, Unmap(0x1000, 0x2000)));
        Assert.True(rig.Slot.Ask(device => device.Writes(0, new byte[0x1000])));
        Assert.False(rig.Slot.Ask(device => device.Writes(0x1000, [1])));
        Assert.False(rig.Slot.Ask(device => device.Writes(0x2FFF, [1])));
        Assert.True(rig.Slot.Ask(device => device.Writes(0x3000, new byte[0x1000])));
        client.Call(DmaUnmap, Unmap(0, 0, flags: 2));
        Assert.False(rig.Slot.Ask(device => device.Writes(0, [1])));
        client.Call(DmaMap, Map(0, 0x4000), rig.File);
    }

    [Theory]
    [InlineData(0x7000_0000_0000UL, 1UL << 46)]
    [InlineData(0UL, 1UL << 63)]
    [InlineData(1UL << 63, 1UL << 63)]
    public async Task Unmapping_where_nothing_is_succeeds(ulong address, ulong size)
    {
        await using var rig = new Rig();
        using var client = rig.Connect();
        client.Call(DmaUnmap, Unmap(address, size));
    }

    [Fact]
    public async Task Ranges_may_not_overlap_or_be_empty_or_wrap()
    {
        await using var rig = new Rig();
        using var client = rig.Connect();
        client.Call(DmaMap, Map(0x2000, 0x2000), rig.File);
        foreach (var (address, size) in new[] { (0x2000UL, 0x2000UL), (0x1000UL, 0x1001UL), (0x3FFFUL, 1UL), (0UL, 0x10000UL) })
            Assert.Equal(Errno.EEXIST, client.ErrorOf(DmaMap, Map(address, size), rig.File));
        Assert.Equal(Errno.EINVAL, client.ErrorOf(DmaMap, Map(0, 0), rig.File));
        Assert.Equal(Errno.EINVAL, client.ErrorOf(DmaMap, Map(ulong.MaxValue, 2), rig.File));
        client.Call(DmaMap, Map(0x1000, 0x1000), rig.File);
        client.Call(DmaMap, Map(0x4000, 0x1000), rig.File);
    }

    [Fact]
    public async Task Memory_beyond_the_end_of_its_file_is_refused()
    {
        await using var rig = new Rig();
        using var client = rig.Connect();
        foreach (var (offset, size) in new[] { (0UL, (ulong)Rig.MemorySize + 0x1000), ((ulong)Rig.MemorySize, 0x1000UL), (ulong.MaxValue - 0xFFF, 0x1000UL) })
            Assert.Equal(Errno.EINVAL, client.ErrorOf(DmaMap, Map(0, size, offset), rig.File));
        Assert.All(rig.Transport.Findings, finding => Assert.Contains("beyond the end of the file", finding.Text));
        Assert.Equal(3, rig.Transport.Findings.Count);
    }

    [Fact]
    public async Task A_file_that_could_shrink_under_us_is_refused_unless_the_lab_accepts_it()
    {
        using var unsealed = FileDescriptor.CreateMemory("unsealed", 0x1000);
        await using var careful = new Rig();
        using var client = careful.Connect();
        Assert.Equal(Errno.EINVAL, client.ErrorOf(DmaMap, Map(0, 0x1000), unsealed));
        Assert.Contains("F_SEAL_SHRINK", Assert.Single(careful.Transport.Findings).Text);
        await using var trusting = new Rig(new() { AcceptUnsealedMemory = true });
        using var other = trusting.Connect();
        other.Call(DmaMap, Map(0, 0x1000), unsealed);
    }

    [Fact]
    public async Task A_descriptor_that_is_not_a_file_is_refused()
    {
        await using var rig = new Rig();
        using var client = rig.Connect();
        using var events = EventFd.Create();
        Assert.Equal(Errno.EINVAL, client.ErrorOf(DmaMap, Map(0, 0x1000), events));
    }

    [Fact]
    public async Task Tens_of_thousands_of_single_pages_may_be_mapped()
    {
        const int pages = 1 << 16;
        await using var rig = new Rig();
        using var client = rig.Connect();
        client.Enable();
        for (var i = 0; i < pages; i++) client.Call(DmaMap, Map((ulong)i << 13, 0x1000, (ulong)(i % 256) << 12), rig.File);
        Assert.True(rig.Slot.Ask(device => device.Writes((pages - 1UL) << 13, [0x77])));
        Assert.Equal([0x77], rig.MemoryAt((pages - 1) % 256 << 12, 1));
        Assert.False(rig.Slot.Ask(device => device.Writes(0x1000, [1])));
        client.Call(DmaUnmap, Unmap(0, 0, flags: 2));
        Assert.Equal(0, CountMappings(rig.MemoryName) - 1);          // ours is the one that is left
    }

    [Fact]
    public void Half_a_million_mappings_are_taken_and_one_more_is_refused()
    {
        var table = new DmaTable(acceptUnsealed: false);
        for (var i = 0UL; i < DmaTable.MostMaps; i++) Assert.Equal(0, table.Map(new DmaMapRequest(0, DmaMapRequest.Readable, 0, i << 12, 0x1000), null, out _));
        Assert.Equal(Errno.ENOSPC, table.Map(new DmaMapRequest(0, DmaMapRequest.Readable, 0, 1UL << 40, 0x1000), null, out _));
    }

    [Fact]
    public async Task Nothing_is_written_after_an_unmap_was_answered()
    {
        await using var rig = new Rig();
        using var client = rig.Boot();
        using var stop = new CancellationTokenSource();
        var written = 0L;
        var writer = new Thread(() =>
        {
            for (var stamp = 1UL; !stop.IsCancellationRequested; stamp++)
                if (rig.Slot.Ask(device => device.Writes(0x2000, BitConverter.GetBytes(stamp)))) Interlocked.Increment(ref written);
        });
        writer.Start();
        for (var round = 0; round < 2000 || Interlocked.Read(ref written) < 100; round++)
        {
            Assert.True(round < 2_000_000, "the device hardly ever got to write");
            client.Call(DmaUnmap, Unmap(0, Rig.MemorySize));
            var before = rig.MemoryAt(0x2000, 8);
            client.Read32(7, 0);
            Assert.Equal(before, rig.MemoryAt(0x2000, 8));
            client.Call(DmaMap, Map(0, Rig.MemorySize), rig.File);
        }
        await stop.CancelAsync();
        writer.Join();
    }

    static int CountMappings(string name) => File.ReadLines("/proc/self/maps").Count(line => line.Contains(name, StringComparison.Ordinal));
}
