using System.Formats.Tar;
using System.Text;
using static Understudy.Toolchain.Tests.ImageBuilder;

namespace Understudy.Toolchain.Tests;

public class RootNeedsTests
{
    const string Variables = "override ARCH = x86\nCC = $(CROSS_COMPILE)gcc-14\noverride CROSS_COMPILE = x86_64-linux-gnu-\n";

    static readonly Kernel s_kernel = new("debian:6.12", "6.12.1-amd64", "6.12.1-1", "", "", false, "", null);

    static readonly string[] s_all = ["sh", "dkms", "make", "gcc", "modprobe", "depmod", "modinfo", "find", "env", "apt-get"];

    static RootFiles Root(params TarEntry[] entries)
    {
        var files = new RootFiles();
        new RootLayer(files).Apply(new MemoryStream(Tar(entries)), "an image", whiteouts: true);
        return files;
    }

    static TarEntry[] Debian(params string[] without) => [File("etc/os-release", "ID=debian"), File("usr/lib/x86_64-linux-gnu/libelf.so.1", ""), .. s_all.Except(without).Select(name => File($"usr/bin/{name}", "x"))];

    static RootFiles WithHeaders(string gcc, string libc, params TarEntry[] more) => Root([.. Debian(), File($"usr/src/linux-headers-{s_kernel.Release}/.kernelvariables", Variables),
        File("usr/lib/linux-kbuild-6.12/scripts/mod/modpost", "\u007fELF GLIBC_2.38\0GLIBC_2.4\0"), File("lib64/libc.so.6", $"GLIBC_2.2.5\0{libc}\0"), File($"usr/lib/gcc/x86_64-redhat-linux/{gcc}/libgcc.a", ""), .. more]);

    static string Told(Action wrong, ToolchainProblem problem)
    {
        var told = Assert.Throws<ToolchainException>(wrong);
        Assert.Equal(problem, told.Problem);
        return told.Message;
    }

    [Fact]
    public void A_root_with_everything_will_do() => RootNeeds.Check(Root(Debian()), "dir:x");

    [Fact]
    public void What_is_no_root_is_told() =>
        Assert.Equal("dir:x is no root file system of a Linux distribution: it has no /bin/sh and no /etc/os-release.", Told(() => RootNeeds.Check(Root(File("readme", "x")), "dir:x"), ToolchainProblem.BadFile));

    [Fact]
    public void All_that_is_missing_is_told_with_what_installs_it()
    {
        var told = Told(() => RootNeeds.Check(Root(Debian("dkms", "gcc", "depmod")), "podman:debian:12"), ToolchainProblem.BadFile);
        Assert.StartsWith("podman:debian:12 lacks dkms, gcc, depmod, which it takes", told, StringComparison.Ordinal);
        Assert.Contains("RUN apt-get update && apt-get install -y dkms gcc make kmod", told, StringComparison.Ordinal);
    }

    [Fact]
    public void A_root_for_another_processor_is_told()
    {
        var elf = new byte[64];
        new byte[] { 0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1 }.CopyTo(elf, 0);
        elf[18] = 183;
        var shell = new PaxTarEntry(TarEntryType.RegularFile, "bin/sh") { DataStream = new MemoryStream(elf) };
        Assert.Contains("is 183, and a guest here is x86-64 (62)", Told(() => RootNeeds.Check(Root(File("etc/os-release", ""), shell), "dir:x"), ToolchainProblem.BadFile), StringComparison.Ordinal);
    }

    [Fact]
    public void Headers_use_the_gcc_that_is_there_where_it_is_no_older()
    {
        var files = WithHeaders("15.1", "GLIBC_2.39");
        Assert.Equal("Debian's headers of 6.12.1-amd64 brought, for its own gcc 15 where the kernel's was gcc 14", RootHeaders.Fit(files, "dir:x", s_kernel));
        var content = files.Find($"usr/src/linux-headers-{s_kernel.Release}/.kernelvariables")!.Content!;
        content.Position = 0;
        var text = new StreamReader(content, Encoding.UTF8).ReadToEnd();
        Assert.Contains("override ARCH = x86\n", text, StringComparison.Ordinal);
        Assert.Contains("\nCC = gcc\noverride CROSS_COMPILE =\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("gcc-14", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Headers_stay_as_they_are_where_the_kernels_gcc_is_there() =>
        Assert.Equal("Debian's headers of 6.12.1-amd64 brought", RootHeaders.Fit(WithHeaders("14", "GLIBC_2.41", File("usr/bin/gcc-14", ""), File("usr/bin/x86_64-linux-gnu-gcc-14", "")), "dir:x", s_kernel));

    [Fact]
    public void A_compiler_older_than_the_kernels_is_told() =>
        Assert.Equal("debian:6.12 was built by gcc 14, whose options an older gcc does not know, and dir:x has gcc 12", Told(() => RootHeaders.Fit(WithHeaders("12", "GLIBC_2.41"), "dir:x", s_kernel), ToolchainProblem.Unsatisfiable));

    [Fact]
    public void A_C_library_older_than_the_headers_tools_is_told() =>
        Assert.Contains("need a GNU C library of 2.38 or newer, and dir:x has 2.36", Told(() => RootHeaders.Fit(WithHeaders("14", "GLIBC_2.36"), "dir:x", s_kernel), ToolchainProblem.Unsatisfiable), StringComparison.Ordinal);

    [Fact]
    public void Headers_of_its_own_are_known() => Assert.True(RootHeaders.Has(Root(Link($"usr/lib/modules/{s_kernel.Release}/build", "/usr/src/h"), File("usr/src/h/Makefile", ""), Link("lib", "usr/lib")), s_kernel));
}
