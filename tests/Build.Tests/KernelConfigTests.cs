using Understudy.Toolchain;

namespace Understudy.Build.Tests;

public sealed class KernelConfigTests : IDisposable
{
    readonly SourceFolder _tree = new SourceFolder().With("arch/x86/configs/x86_64_defconfig", "").With("arch/x86/configs/tiny.config", "CONFIG_SMALL=y\n").With("kernel/configs/kvm_guest.config", "CONFIG_KVM_GUEST=y\n");

    public void Dispose() => _tree.Dispose();

    Task<KernelConfig> ReadAsync(params string[] words) => KernelConfig.ReadAsync(words, _tree.Path, Architecture.Named("x86_64"), () => Task.FromResult("CONFIG_DEBIAN=y\n"));

    [Fact]
    public async Task Without_a_word_it_begins_from_the_defconfig() => Assert.Equal("defconfig", (await ReadAsync()).Target);

    [Fact]
    public async Task A_fragment_alone_lies_over_the_defconfig()
    {
        var config = await ReadAsync("kvm_guest.config", "CONFIG_X=n");
        Assert.Equal(("defconfig", "CONFIG_KVM_GUEST=y\n", "# CONFIG_X is not set\n"), (config.Target, config.Fragments[0].Text, config.Fragments[1].Text));
    }

    [Fact]
    public async Task It_begins_from_a_target_a_file_or_Debians()
    {
        Assert.Equal("x86_64_defconfig", (await ReadAsync("x86_64_defconfig")).Target);
        Assert.Equal("CONFIG_DEBIAN=y\n", (await ReadAsync("debian")).Whole);
        _tree.With("mine", "CONFIG_MINE=y\n");
        Assert.Equal("CONFIG_MINE=y\n", (await ReadAsync(_tree["mine"])).Whole);
    }

    [Theory]
    [InlineData("tinconfig", "tinyconfig")]
    [InlineData("x86_defconfig", "x86_64_defconfig")]
    [InlineData("kvm_gest.config", "kvm_guest.config")]
    [InlineData("modules", "before --config")]
    public async Task An_unknown_name_is_told_with_the_nearest(string word, string meant)
    {
        var unknown = await Assert.ThrowsAsync<ToolchainException>(() => word.Contains("config", StringComparison.Ordinal) ? ReadAsync(word) : ReadAsync("tinyconfig", word));
        Assert.Equal(ToolchainProblem.UnknownName, unknown.Problem);
        Assert.Contains(meant, unknown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_asked_and_not_granted_is_reported_and_the_last_word_counts()
    {
        var config = await ReadAsync("defconfig", "CONFIG_A=y", "CONFIG_A=m", "CONFIG_B=y", "CONFIG_C=n", "CONFIG_D=n");
        var report = config.Report("CONFIG_A=m\n# CONFIG_B is not set\nCONFIG_D=y\n");
        Assert.Equal(["CONFIG_A=m (command line): granted", "CONFIG_B=y (command line): not granted, it is n", "CONFIG_C=n (command line): granted", "CONFIG_D=n (command line): not granted, it is y"], report.Select(request => request.ToString()));
    }

    [Fact]
    public async Task A_fragment_that_is_not_granted_is_a_refusal_and_a_single_line_is_not()
    {
        _tree.With("kasan.config", "CONFIG_KASAN=y\nCONFIG_SLUB_TINY=n\n");
        var config = await ReadAsync("defconfig", _tree["kasan.config"], "CONFIG_B=y");
        Assert.Null(config.Refusal("CONFIG_KASAN=y\n"));
        Assert.StartsWith("The kernel's configuration does not grant CONFIG_KASAN=y (kasan.config): not granted, it is n; CONFIG_SLUB_TINY=n (kasan.config): not granted, it is y. ", config.Refusal("CONFIG_SLUB_TINY=y\n"), StringComparison.Ordinal);
    }
}
