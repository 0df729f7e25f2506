using Understudy.Toolchain;

namespace Understudy.Boards.Tests;

/// <summary>The probe against a QEMU that is a shell script.</summary>
public sealed class KvmProbeTests : IDisposable
{
    static readonly Kernel s_kernel = new("debian:6.12", "6.12.1-amd64", "6.12.1-1", "/k/vmlinuz", "/k/vmlinux", true, "", null);

    readonly string _home = Directory.CreateTempSubdirectory("ust-").FullName;

    public KvmProbeTests()
    {
        File.WriteAllText(In("qboot.rom"), "");
        File.WriteAllText(In("kvm"), "");
    }

    [Fact]
    public async Task A_kernel_that_reaches_its_own_panic_proves_KVM()
    {
        var accelerator = await ChooseAsync("echo 'Kernel panic - not syncing: VFS: Unable to mount root fs'");
        Assert.Equal("kvm", accelerator.Name);
        Assert.Contains("boots kernels", accelerator.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_kernel_that_never_says_a_word_means_TCG()
    {
        var accelerator = await ChooseAsync("exec sleep 1000");
        Assert.Equal("tcg", accelerator.Name);
        Assert.Contains("printed nothing", accelerator.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task QEMU_giving_up_on_it_is_told_in_its_words()
    {
        var accelerator = await ChooseAsync("echo 'failed to initialize kvm: Operation not permitted' >&2; exit 1");
        Assert.Equal("tcg", accelerator.Name);
        Assert.Contains("Operation not permitted", accelerator.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_answer_is_asked_for_once()
    {
        var first = await ChooseAsync($"echo asked >> {In("count")}; exit 1");
        var second = await ChooseAsync($"echo asked >> {In("count")}; exit 1");
        Assert.Equal(first, second);
        Assert.Single(File.ReadAllLines(In("count")));
    }

    [Fact]
    public async Task Another_QEMU_or_another_boot_of_the_host_asks_anew()
    {
        await ChooseAsync($"echo asked >> {In("count")}; exit 1");
        await ChooseAsync($"echo asked >> {In("count")}; exit 1", version: "12.0");
        var cache = UnderstudyCache.Open(In("cache"));
        File.WriteAllLines(Path.Combine(cache.Root, "kvm-probe"), ["another boot 12.0", "boots"]);
        Assert.Equal("tcg", (await ChooseAsync($"echo asked >> {In("count")}; exit 1", version: "12.0")).Name);
        Assert.Equal(3, File.ReadAllLines(In("count")).Length);
    }

    [Fact]
    public async Task Without_the_device_nothing_is_tried()
    {
        File.Delete(In("kvm"));
        var accelerator = await ChooseAsync($"touch {In("count")}");
        Assert.Equal("tcg", accelerator.Name);
        Assert.Contains(In("kvm"), accelerator.Reason, StringComparison.Ordinal);
        Assert.False(File.Exists(In("count")));
    }

    public void Dispose() => Directory.Delete(_home, recursive: true);

    Task<Accelerator> ChooseAsync(string script, string version = "11.1.3")
    {
        var qemu = new QemuInstallation("/bin/sh", ["-c", script, "qemu"], new Dictionary<string, string>(), version, "a test", [_home]);
        return new KvmProbe(qemu, UnderstudyCache.Open(In("cache")), In("kvm")).ChooseAsync(s_kernel, TestContext.Current.CancellationToken);
    }

    string In(string name) => Path.Combine(_home, name);
}
