namespace Understudy.Toolchain.Tests;

public class QemuFinderTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    static string Pretend(Scratch scratch, string version, string devices)
    {
        var path = scratch.Write("host/usr/bin/qemu-system-x86_64", $"""
            #!/bin/sh
            echo called >> {scratch.At("calls")}
            case "$1" in --version) echo "QEMU emulator version {version} (Debian 1:{version}+ds-1)";; *) echo 'name "{devices}", bus PCI';; esac
            """);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    static Toolbox Box(Scratch scratch) => new(scratch.Cache, null, new HostLayout(scratch.At("host")));

    [Fact]
    public async Task A_new_enough_system_QEMU_is_taken_and_asked_only_once()
    {
        using var scratch = new Scratch();
        var path = Pretend(scratch, "11.2.0", "vfio-user-pci");
        scratch.Write("host/usr/share/qemu/qboot.rom", "");
        Assert.Null(Box(scratch).QemuAtHand);

        var qemu = await Box(scratch).QemuAsync(Cancel);
        Assert.Equal(("system", "11.2.0", path), (qemu.Origin, qemu.Version, qemu.Executable));
        Assert.Equal(scratch.At("host/usr/share/qemu/qboot.rom"), qemu.FirmwarePath("qboot.rom"));
        Assert.Equal(["-version"], qemu.StartInfo(["-version"]).ArgumentList);
        Assert.Throws<ToolchainException>(() => qemu.FirmwarePath("no.rom"));

        var calls = File.ReadAllLines(scratch.At("calls")).Length;
        Assert.NotNull(Box(scratch).QemuAtHand);
        Assert.Equal(calls, File.ReadAllLines(scratch.At("calls")).Length);
    }

    [Theory]
    [InlineData("10.0.8", "vfio-user-pci")]
    [InlineData("11.1.3", "vfio-pci")]
    public async Task A_system_QEMU_that_is_too_old_or_without_the_device_is_not_taken(string version, string devices)
    {
        using var scratch = new Scratch();
        Pretend(scratch, version, devices);
        scratch.Write("host/usr/share/keyrings/debian-archive-keyring.gpg", "");
        scratch.Write("host/etc/os-release", "ID=debian\n");
        scratch.Write("host/etc/apt/sources.list", "deb http://127.0.0.1:9/debian trixie main\n");
        if (Environment.GetEnvironmentVariable(DebianMirror.Variable) is not null) Assert.Skip($"{DebianMirror.Variable} is set");

        var offline = await Assert.ThrowsAsync<ToolchainException>(() => Box(scratch).QemuAsync(Cancel));
        Assert.Equal(ToolchainProblem.Offline, offline.Problem);
        Assert.Contains("http://127.0.0.1:9/debian", offline.Message, StringComparison.Ordinal);
        Assert.Contains(DebianMirror.Variable, offline.Message, StringComparison.Ordinal);
        Assert.Contains(scratch.Cache.Root, offline.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_QEMU_of_a_prefix_runs_through_the_prefixs_own_loader()
    {
        using var scratch = new Scratch();
        var cache = scratch.Cache;
        CacheJson.Write(cache, cache.PathOf("prefixes/qemu.json"), new PrefixStamp("11.1.3-abc", "1:11.1.3", []), CacheJson.Default.PrefixStamp);
        Assert.Null(Box(scratch).QemuAtHand);
        var root = cache.PathOf("prefixes/qemu-11.1.3-abc");
        Directory.CreateDirectory(root);

        var start = Box(scratch).QemuAtHand!.StartInfo(["-S"]);
        Assert.Equal($"{root}/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", start.FileName);
        Assert.Equal(
            ["--library-path", $"{root}/usr/lib/x86_64-linux-gnu", $"{root}/usr/bin/qemu-system-x86_64", "-L", $"{root}/usr/share/qemu", "-L", $"{root}/usr/share/seabios", "-S"],
            start.ArgumentList);
        Assert.Equal($"{root}/usr/lib/x86_64-linux-gnu/qemu", start.Environment["QEMU_MODULE_DIR"]);
    }
}
