using System.Globalization;
using System.Text;

namespace Understudy.Guest.Tests;

public sealed class InitramfsTests : IDisposable
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("initramfs-test");

    [Fact]
    public void The_agent_is_init_and_answers_to_its_other_names()
    {
        var entries = Read(new() { AgentPath = Make("agent", "AGENT"), KernelRelease = "6.1.0-test" });

        Assert.Equal("AGENT", entries["init"]);
        Assert.All((string[])["bin/device", "bin/modprobe", "bin/understudy-agent"], name => Assert.Equal("/init", entries[name]));
    }

    [Fact]
    public void Modules_lie_under_their_release_and_boot_modules_are_listed_in_order()
    {
        var entries = Read(new()
        {
            AgentPath = Make("agent", "AGENT"), KernelRelease = "6.1.0-test",
            BootModules = [Make("z.ko", "Z"), Make("a.ko", "A")], Modules = [Make("r8169.ko", "R"), Make("a.ko", "A")],
        });

        Assert.Equal("/lib/modules/6.1.0-test/z.ko\n/lib/modules/6.1.0-test/a.ko\n", entries["lib/modules/boot-order"]);
        Assert.Equal("R", entries["lib/modules/6.1.0-test/r8169.ko"]);
    }

    [Fact]
    public void Busybox_finds_what_modules_need_nearest_first()
    {
        var entries = Read(new()
        {
            AgentPath = Make("agent", "AGENT"), KernelRelease = "x",
            Modules =
            [
                Make("nvme.ko", "\0license=GPL\0depends=nvme-core,nvme-auth\0"), Make("nvme-core.ko", "\0depends=nvme_auth\0"),
                Make("nvme-auth.ko", "\0depends=\0"), Make("odd.ko", "\0depends=not-here"),
            ],
        });

        Assert.Equal(
            "nvme.ko: nvme-core.ko nvme-auth.ko\nnvme-core.ko: nvme-auth.ko\nnvme-auth.ko:\nodd.ko:\n", entries["lib/modules/x/modules.dep"]);
    }

    [Fact]
    public void Busybox_brings_its_applets_but_not_in_place_of_the_agents_names()
    {
        var busybox = Make("busybox", "#!/bin/sh\necho ls; echo sh; echo modprobe; echo init\n");
        File.SetUnixFileMode(busybox, (UnixFileMode)0b111_101_101);
        var entries = Read(new() { AgentPath = Make("agent", "AGENT"), KernelRelease = "x", BusyboxPath = busybox });

        Assert.Equal("busybox", entries["bin/ls"]);
        Assert.Equal("busybox", entries["bin/sh"]);
        Assert.Equal("/init", entries["bin/modprobe"]);
        Assert.False(entries.ContainsKey("bin/init"));
    }

    [Fact]
    public void A_busybox_without_applets_is_an_error_that_names_it()
    {
        var busybox = Make("busybox", "#!/bin/sh\nexit 3\n");
        File.SetUnixFileMode(busybox, (UnixFileMode)0b111_101_101);
        var failure = Assert.Throws<IOException>(() => Read(new() { AgentPath = Make("agent", ""), KernelRelease = "x", BusyboxPath = busybox }));

        Assert.Contains(busybox, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_compressed_module_is_refused_by_name()
    {
        var failure = Assert.Throws<ArgumentException>(
            () => Read(new() { AgentPath = Make("agent", ""), KernelRelease = "x", Modules = [Make("r8169.ko.xz", "")] }));

        Assert.Contains("r8169.ko.xz", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_content_gives_the_same_bytes()
    {
        var initramfs = new Initramfs { AgentPath = Make("agent", "AGENT"), KernelRelease = "x", Modules = [Make("m.ko", "M")] };
        var (first, second) = (new MemoryStream(), new MemoryStream());
        initramfs.WriteTo(first);
        initramfs.WriteTo(second);

        Assert.Equal(first.ToArray(), second.ToArray());
    }

    public void Dispose() => _folder.Delete(recursive: true);

    string Make(string name, string content)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, content);
        return path;
    }

    static Dictionary<string, string> Read(Initramfs initramfs)
    {
        const int headerSize = 110;
        var stream = new MemoryStream();
        initramfs.WriteTo(stream);
        var bytes = stream.ToArray();
        var entries = new Dictionary<string, string>();
        for (var at = 0; ;)
        {
            var (size, nameSize) = (Field(bytes, at, 6), Field(bytes, at, 11));
            var name = Encoding.UTF8.GetString(bytes, at + headerSize, nameSize - 1);
            if (name == "TRAILER!!!") return entries;
            at = (at + headerSize + nameSize + 3) & ~3;
            entries.Add(name, Encoding.UTF8.GetString(bytes, at, size));
            at = (at + size + 3) & ~3;
        }
    }

    static int Field(byte[] bytes, int entry, int index) =>
        int.Parse(Encoding.ASCII.GetString(bytes, entry + 6 + index * 8, 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
