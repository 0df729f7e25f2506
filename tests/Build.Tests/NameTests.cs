using Understudy.Toolchain;

namespace Understudy.Build.Tests;

public sealed class NameTests : IDisposable
{
    readonly SourceFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    static string Refused(Action action)
    {
        var refused = Assert.Throws<ToolchainException>(action);
        Assert.Equal(ToolchainProblem.UnknownName, refused.Problem);
        return refused.Message;
    }

    [Theory]
    [InlineData("amd64", "x86_64")]
    [InlineData("uml", "um")]
    [InlineData("riscv64", "riscv")]
    [InlineData("arm64", "arm64")]
    public void An_architecture_has_several_names(string name, string means) => Assert.Equal(means, Architecture.Named(name).Name);

    [Fact]
    public void An_unknown_architecture_target_or_profile_is_told_with_the_nearest()
    {
        Assert.Contains("arm64", Refused(() => Architecture.Named("arm46")), StringComparison.Ordinal);
        Assert.Contains("modules", Refused(() => KernelTarget.For(["module"])), StringComparison.Ordinal);
        Assert.Contains("qemu", Refused(() => Profile.Recipe("qmeu")), StringComparison.Ordinal);
        Assert.Contains("net", Refused(() => Profile.Recipe("qemu/nett")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kselftest:7.2/vfio", true)]
    [InlineData("kselftest:7.2/drivers/net", true)]
    [InlineData("kselftest:vfio", false)]
    [InlineData("kselftest:7.2/", false)]
    [InlineData("kselftest:7.2/../../../etc", false)]
    [InlineData("selftests/tool.c", false)]
    public void Selftests_are_named_by_a_series_and_a_directory(string word, bool names) => Assert.Equal(names, ProgramBuilder.IsSelftest(word));

    [Fact]
    public async Task An_unknown_toolchain_is_told_with_the_nearest()
    {
        var toolbox = new Toolbox(UnderstudyCache.Open(_folder.Path));
        var refused = await Assert.ThrowsAsync<ToolchainException>(() => new KernelBuilder(toolbox).BuildAsync(new KernelRecipe("debian:7.2") { Toolchain = "clagn-19" }, cancel: TestContext.Current.CancellationToken));
        Assert.Contains("clang-19", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_that_is_none_is_told_so()
    {
        var unknown = await Assert.ThrowsAsync<ToolchainException>(() => new SourceTrees(new Toolbox(UnderstudyCache.Open(_folder.Path))).OpenAsync(new KernelRecipe("nowhere"), _ => { }, TestContext.Current.CancellationToken));
        Assert.Contains("no directory, no tarball", unknown.Message, StringComparison.Ordinal);
        _folder.With("tree/Makefile", "");
        var none = await Assert.ThrowsAsync<BuildFailedException>(() => new SourceTrees(new Toolbox(UnderstudyCache.Open(_folder.Path))).OpenAsync(new KernelRecipe(_folder["tree"]), _ => { }, TestContext.Current.CancellationToken));
        Assert.Contains("holds no kernel", none.Message, StringComparison.Ordinal);
        _folder.With("tree/.config", "");
        var dirty = await Assert.ThrowsAsync<BuildFailedException>(() => new SourceTrees(new Toolbox(UnderstudyCache.Open(_folder.Path))).OpenAsync(new KernelRecipe(_folder["tree"]), _ => { }, TestContext.Current.CancellationToken));
        Assert.Contains("make mrproper", dirty.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_profile_has_its_base_and_its_variants()
    {
        Assert.All(Profile.All, profile => Assert.True(Directory.Exists(profile.Folder), profile.Name));
        Assert.Equal(["tinyconfig", "base.config", "net.config"], Profile.Recipe("qemu/net").Config.Select(word => Path.GetFileName(word)));
        Assert.Equal(["tinyconfig", "base.config", "kasan.config"], Profile.Recipe("qemu/kasan").Config.Select(word => Path.GetFileName(word)));
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("")]
    [InlineData("a b")]
    public void A_name_that_is_none_is_refused(string name) => Refused(() => NamedBuilds.RequireName(name));

    [Fact]
    public void An_unknown_build_is_told_with_how_to_make_one()
        => Assert.Contains("understudy build", Refused(() => new NamedBuilds(UnderstudyCache.Open(_folder.Path)).Find("build:small")), StringComparison.Ordinal);
}
