using Understudy.Toolchain;

namespace Understudy.Build.Tests;

public sealed class ModuleSourcesTests : IDisposable
{
    readonly SourceFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_a_build_left_behind_does_not_change_what_the_sources_are()
    {
        _folder.WithModule("nic");
        var before = ModuleSources.Read(_folder["nic"]).Hash;
        _folder.With("nic/nic.o", "x").With("nic/nic.ko", "x").With("nic/.nic.o.cmd", "x").With("nic/nic.mod.c", "x").With("nic/Module.symvers", "x");
        Assert.Equal(before, ModuleSources.Read(_folder["nic"]).Hash);
        _folder.With("nic/nic.h", "x");
        Assert.NotEqual(before, ModuleSources.Read(_folder["nic"]).Hash);
    }

    [Fact]
    public void The_copy_holds_what_links_lead_to_and_loses_what_the_sources_lost()
    {
        _folder.WithModule("nic").With("common/shared.c", "shared").With("nic/gone.h", "gone");
        File.CreateSymbolicLink(_folder["nic/shared.c"], "../common/shared.c");
        var copy = Directory.CreateDirectory(_folder["copy"]).FullName;
        ModuleSources.Read(_folder["nic"]).CopyTo(copy);
        Assert.Equal("shared", File.ReadAllText(Path.Combine(copy, "shared.c")));
        var untouched = File.GetLastWriteTimeUtc(Path.Combine(copy, "nic.c"));
        File.WriteAllText(Path.Combine(copy, "nic.o"), "an object");
        File.Delete(_folder["nic/gone.h"]);
        ModuleSources.Read(_folder["nic"]).CopyTo(copy);
        Assert.False(File.Exists(Path.Combine(copy, "gone.h")));
        Assert.True(File.Exists(Path.Combine(copy, "nic.o")));
        Assert.Equal(untouched, File.GetLastWriteTimeUtc(Path.Combine(copy, "nic.c")));
    }

    [Fact]
    public void A_directory_that_leads_into_itself_is_refused()
    {
        _folder.WithModule("nic");
        File.CreateSymbolicLink(_folder["nic/self"], ".");
        Assert.Contains("nested too deeply", Assert.Throws<BuildFailedException>(() => ModuleSources.Read(_folder["nic"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_that_is_no_module_directory_says_what_it_lacks()
    {
        Assert.Contains("There is no directory", Assert.Throws<BuildFailedException>(() => ModuleSources.Read(_folder["nowhere"])).Message, StringComparison.Ordinal);
        _folder.With("empty/x.c", "");
        Assert.Contains("no Kbuild and no Makefile", Assert.Throws<BuildFailedException>(() => ModuleSources.Read(_folder["empty"])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\u007fELF\u0002\u0001 and then nothing of use, for more bytes than an ELF header has, which is to say sixty-four")]
    public void What_is_no_module_is_refused(string content)
    {
        _folder.With("x.ko", content);
        Assert.Contains("is no kernel module", Assert.Throws<ToolchainException>(() => ModuleFacts.Read(_folder["x.ko"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_module_for_another_kernel_says_which_and_how_to_rebuild()
    {
        var kernel = new Kernel("debian:6.12", "6.12.1-amd64", "", "", "", true, "", null);
        var facts = new ModuleFacts("nic", "6.1.0-9-amd64", [], []);
        var refused = Assert.Throws<BuildFailedException>(() => facts.RequireFor(kernel, "/drivers/nic/nic.ko"));
        Assert.Contains("built for kernel 6.1.0-9-amd64, and this is debian:6.12 (6.12.1-amd64)", refused.Message, StringComparison.Ordinal);
        Assert.Contains("understudy build module /drivers/nic --kernel debian:6.12", refused.Message, StringComparison.Ordinal);
        (facts with { Release = kernel.Release }).RequireFor(kernel, "/drivers/nic/nic.ko");
    }
}
