namespace Understudy.Toolchain.Tests;

public class ModuleTreeTests
{
    static ModuleTree Tree(Scratch scratch)
    {
        scratch.Write("modules.dep", """
            kernel/net/nic-driver.ko: kernel/net/mdio_devres.ko kernel/net/libphy.ko
            kernel/net/mdio_devres.ko: kernel/net/libphy.ko
            kernel/net/phy.ko: kernel/net/libphy.ko
            kernel/net/libphy.ko:
            kernel/a.ko:
            kernel/b.ko:
            kernel/gone.ko.xz:
            """);
        scratch.Write("modules.softdep", """
            # Soft dependencies extracted from modules themselves.
            softdep nic_driver pre: phy not_here post: a
            softdep a pre: b
            softdep b pre: a
            softdep phy pre: crypto-sum
            """);
        scratch.Write("modules.alias", """
            # Aliases extracted from modules themselves.
            alias pci:v000010ECd00008168sv*sd*bc*sc*i* nic_driver
            alias pci:v000010ECd*sv*sd*bc02sc00i* b
            alias crypto-sum libphy
            """);
        scratch.Write("modules.builtin", "kernel/drivers/virtio/virtio-ring.ko\n");
        scratch.Write("modules.builtin.modinfo", "virtio_ring.license=GPL\0virtio_ring.alias=virtio:d*v*\0");
        return new ModuleTree("debian:1.0", new ModuleIndex(scratch.At(""), scratch.At("")), scratch.Cache, _ => throw new InvalidOperationException());
    }

    [Fact]
    public void What_is_needed_comes_before_what_needs_it_with_soft_dependencies()
    {
        using var scratch = new Scratch();
        Assert.Equal(["libphy", "phy", "mdio_devres", "nic_driver", "b", "a"], Tree(scratch).Closure("nic_driver"));
    }

    [Fact]
    public void What_comes_before_a_module_is_neither_itself_nor_what_it_asks_for_afterwards()
    {
        using var scratch = new Scratch();
        var tree = Tree(scratch);
        Assert.Equal(["libphy", "phy", "mdio_devres"], tree.Before("nic-driver"));
        Assert.Equal(tree.Before("nic-driver"), tree.Before("pci:v000010ECd00008168sv000010ECsd00000123bc01sc00i00"));
        Assert.Equal(["b"], tree.Before("a"));
        Assert.Empty(tree.Before("virtio_ring"));
        Assert.Empty(tree.Before("not_here"));
    }

    [Fact]
    public void A_module_drives_the_bus_it_has_an_alias_of()
    {
        using var scratch = new Scratch();
        var tree = Tree(scratch);
        Assert.True(tree.Drives("nic-driver", "pci"));
        Assert.False(tree.Drives("nic-driver", "usb"));
        Assert.False(tree.Drives("libphy", "pci"));
    }

    [Fact]
    public void A_cycle_of_soft_dependencies_ends()
    {
        using var scratch = new Scratch();
        Assert.Equal(["b", "a"], Tree(scratch).Closure("a"));
    }

    [Fact]
    public void Hyphens_and_underscores_are_the_same_and_nothing_is_loaded_twice()
    {
        using var scratch = new Scratch();
        Assert.Equal(["libphy", "phy"], Tree(scratch).Closure("phy", "libphy", "phy"));
        Assert.Equal(Tree(scratch).Closure("nic_driver"), Tree(scratch).Closure("nic-driver"));
    }

    [Fact]
    public void What_is_built_in_counts_as_there_and_is_not_loaded()
    {
        using var scratch = new Scratch();
        var tree = Tree(scratch);
        Assert.True(tree.IsBuiltIn("virtio_ring"));
        Assert.Empty(tree.Closure("virtio-ring"));
        Assert.True(tree.Has("virtio:d00000001v00001AF4"));
    }

    [Fact]
    public void An_alias_means_every_module_whose_pattern_it_matches()
    {
        using var scratch = new Scratch();
        var names = Tree(scratch).Closure("pci:v000010ECd00008168sv000010ECsd00000123bc02sc00i00");
        Assert.Contains("nic_driver", names);
        Assert.Contains("b", names);
        Assert.DoesNotContain("nic_driver", Tree(scratch).Closure("pci:v000010ECd00008139sv000010ECsd00000123bc02sc00i00"));
    }

    [Fact]
    public void A_module_the_kernel_does_not_have_is_named_with_its_kernel_and_near_names()
    {
        using var scratch = new Scratch();
        var missing = Assert.Throws<ToolchainException>(() => Tree(scratch).Closure("libphi"));
        Assert.Equal(ToolchainProblem.ModuleNotFound, missing.Problem);
        Assert.Contains("debian:1.0", missing.Message, StringComparison.Ordinal);
        Assert.Contains("'libphi'", missing.Message, StringComparison.Ordinal);
        Assert.Contains("libphy", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_modules_dep_names_and_is_not_there_is_an_error_that_names_it()
    {
        using var scratch = new Scratch();
        var missing = await Assert.ThrowsAsync<ToolchainException>(() => Tree(scratch).LoadOrderAsync(["gone"], TestContext.Current.CancellationToken));
        Assert.Contains("kernel/gone.ko.xz", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Uncompressed_modules_are_used_where_they_are()
    {
        using var scratch = new Scratch();
        var modules = await Tree(scratch).LoadOrderAsync(["phy"], TestContext.Current.CancellationToken);
        Assert.Equal([new("libphy", scratch.At("kernel/net/libphy.ko")), new KernelModule("phy", scratch.At("kernel/net/phy.ko"))], modules);
    }
}
