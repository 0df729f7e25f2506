using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Understudy.Toolchain.Tests;

public class BzImageTests
{
    const int SetupSectors = 2;

    static byte[] Elf(uint noteType)
    {
        var elf = new byte[256];
        "\u007fELF\u0002\u0001"u8.CopyTo(elf);
        BinaryPrimitives.WriteUInt64LittleEndian(elf.AsSpan(0x20), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(0x36), 56);
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(0x38), 1);
        BinaryPrimitives.WriteUInt32LittleEndian(elf.AsSpan(64), 4);
        BinaryPrimitives.WriteUInt64LittleEndian(elf.AsSpan(64 + 8), 160);
        BinaryPrimitives.WriteUInt64LittleEndian(elf.AsSpan(64 + 32), 20);
        BinaryPrimitives.WriteUInt32LittleEndian(elf.AsSpan(160), 4);
        BinaryPrimitives.WriteUInt32LittleEndian(elf.AsSpan(164), 4);
        BinaryPrimitives.WriteUInt32LittleEndian(elf.AsSpan(168), noteType);
        "Xen\0"u8.CopyTo(elf.AsSpan(172));
        return elf;
    }

    static byte[] Gzip(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(content);
        return packed.ToArray();
    }

    static byte[] Image(byte[] payload, string version = "6.12.1-test (someone@somewhere) #1")
    {
        var image = new byte[(SetupSectors + 1) * 512 + 64 + payload.Length];
        image[0x1F1] = SetupSectors;
        "HdrS"u8.CopyTo(image.AsSpan(0x202));
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x206), 0x20F);
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x20E), 0x100);
        Encoding.ASCII.GetBytes(version + "\0").CopyTo(image, 0x300);
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(0x248), 64);
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(0x24C), (uint)payload.Length);
        payload.CopyTo(image, (SetupSectors + 1) * 512 + 64);
        return image;
    }

    static Task<Tools> NoTools(CancellationToken cancel) =>
        Task.FromResult(new Tools(new Prefix("/nowhere", new PrefixStamp("", "", [])), UnderstudyCache.Open()));

    static KernelStore Store(Scratch scratch) => new(scratch.Cache, new PrivateApt(scratch.Cache, HostLayout.Machine), NoTools);

    [Fact]
    public async Task The_kernel_inside_an_image_is_taken_out_once_with_its_release_and_entry()
    {
        using var scratch = new Scratch();
        var path = scratch.At("bzImage");
        File.WriteAllBytes(path, Image(Gzip(Elf(noteType: 18))));
        var step = new Provisioning("kernel", null);

        var kernel = await Store(scratch).OpenAsync(path, null, step, TestContext.Current.CancellationToken);
        Assert.Equal("6.12.1-test", kernel.Release);
        Assert.True(kernel.HasPvhEntry);
        Assert.Equal(Elf(18), File.ReadAllBytes(kernel.Vmlinux));

        var written = File.GetLastWriteTimeUtc(kernel.Vmlinux);
        var again = await Store(scratch).OpenAsync(path, null, step, TestContext.Current.CancellationToken);
        Assert.Equal(kernel, again);
        Assert.Equal(written, File.GetLastWriteTimeUtc(again.Vmlinux));
    }

    [Fact]
    public void A_kernel_without_the_Xen_entry_note_is_told_apart() => Assert.False(ElfKernel.HasPvhEntry(Elf(noteType: 17)));

    [Fact]
    public void The_size_appended_to_the_payload_is_cut_off_except_after_gzip()
    {
        byte[] zstd = [0x28, 0xB5, 0x2F, 0xFD, 1, 2, 3, 4, 0xAA, 0xBB, 0xCC, 0xDD];
        Assert.Equal(zstd[..^4], BzImage.Payload(Image(zstd), "it").ToArray());
        var gzip = Gzip([1, 2, 3]);
        Assert.Equal(gzip, BzImage.Payload(Image(gzip), "it").ToArray());
    }

    [Theory]
    [InlineData(0x300)]
    [InlineData(0x620)]
    public void A_truncated_image_is_refused_by_name(int length)
    {
        var image = Image(Gzip(Elf(18)))[..length];
        var refused = Assert.Throws<ToolchainException>(() => BzImage.Payload(image, "/a/bzImage"));
        Assert.Equal(ToolchainProblem.BadFile, refused.Problem);
        Assert.Contains("/a/bzImage", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_payload_leaves_nothing_in_the_cache()
    {
        using var scratch = new Scratch();
        var payload = Gzip(new byte[5000]);
        payload.AsSpan(10).Fill(0xFF);
        var path = scratch.At("bzImage");
        File.WriteAllBytes(path, Image(payload));
        await Assert.ThrowsAsync<ToolchainException>(() => Store(scratch).OpenAsync(path, null, new Provisioning("kernel", null), TestContext.Current.CancellationToken));
        Assert.Empty(Directory.GetDirectories(scratch.Cache.PathOf("staging")));
    }

    [Fact]
    public void Random_bytes_never_do_more_than_be_refused()
    {
        var random = new Random(1);
        var image = Image(Gzip(Elf(18)));
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = image.AsSpan(0, random.Next(0x250, image.Length)).ToArray();
            for (var hit = 0; hit < 8; hit++) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            if (BzImage.IsBzImage(bytes)) BzImage.Release(bytes);
            var thrown = Record.Exception(() => { BzImage.Payload(bytes, "it"); });
            Assert.True(thrown is null or ToolchainException);
            var elf = Elf(18);
            for (var hit = 0; hit < 8; hit++) elf[random.Next(elf.Length)] = (byte)random.Next(256);
            ElfKernel.HasPvhEntry(elf);
        }
    }
}
