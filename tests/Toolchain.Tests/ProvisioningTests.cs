using System.Diagnostics;

namespace Understudy.Toolchain.Tests;

/// <summary>Provides the real things, into the user's own cache so that only the first run downloads.</summary>
public class ProvisioningTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    static async Task<T> OrSkip<T>(Func<Task<T>> provide)
    {
        try
        {
            return await provide();
        }
        catch (ToolchainException unreachable) when (unreachable.Problem is ToolchainProblem.Offline or ToolchainProblem.NoMirror)
        {
            Assert.Skip(unreachable.Message);
            throw;
        }
    }

    static async Task<(int ExitCode, string Output)> RunAsync(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        return (process.ExitCode, output);
    }

    [Fact]
    public async Task The_provided_QEMU_runs_and_has_the_vfio_user_device()
    {
        var qemu = await OrSkip(() => new Toolbox(UnderstudyCache.Open()).QemuAsync(Cancel));
        Assert.True(File.Exists(qemu.FirmwarePath("qboot.rom")));
        var (exit, devices) = await RunAsync(qemu.StartInfo(["-device", "help"]));
        Assert.Equal(0, exit);
        Assert.Contains("\"vfio-user-pci\"", devices, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_C_program_for_the_guest_is_compiled_static_and_runs()
    {
        using var scratch = new Scratch();
        var source = scratch.Write("hello.c", """
            #include <stdio.h>
            #include <sys/socket.h>
            #include <linux/netlink.h>
            int main(void) { printf("hello %d\n", NETLINK_KOBJECT_UEVENT); return 7; }
            """);
        var toolbox = new Toolbox(UnderstudyCache.Open());
        var program = await OrSkip(() => toolbox.CompileAsync([source], Cancel));
        Assert.Equal((7, "hello 15\n"), await RunAsync(new ProcessStartInfo(program)));
        Assert.Equal(program, await toolbox.CompileAsync([source], Cancel));

        File.WriteAllText(source, "int main(void) { return nothing; }\n");
        var refused = await Assert.ThrowsAsync<ToolchainException>(() => toolbox.CompileAsync([source], Cancel));
        Assert.Contains("hello.c:1: error: 'nothing' undeclared", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_header_has_its_programs_compiled_anew_also_where_another_header_names_it()
    {
        using var scratch = new Scratch();
        scratch.Write("number.h", "#define NUMBER 3\n");
        scratch.Write("outer.h", "#ifndef OUTER\n# define OUTER\n# include \"number.h\"\n# include \"outer.h\"\n#endif\n");
        var source = scratch.Write("program.c", "#include \"outer.h\"\nint main(void) { return NUMBER; }\n");
        var toolbox = new Toolbox(UnderstudyCache.Open());
        var before = await OrSkip(() => toolbox.CompileAsync([source], Cancel));
        Assert.Equal(before, await toolbox.CompileAsync([source], Cancel));
        scratch.Write("number.h", "#define NUMBER 5\n");
        var after = await toolbox.CompileAsync([source], Cancel);
        Assert.NotEqual(before, after);
        Assert.Equal((5, ""), await RunAsync(new ProcessStartInfo(after)));
    }

    [Fact]
    public async Task A_cloud_kernel_is_fetched_with_its_ELF_image_and_its_modules()
    {
        var toolbox = new Toolbox(UnderstudyCache.Open());
        var kernel = await OrSkip(() => toolbox.Kernels.EnsureAsync("debian:6.1-cloud", Cancel));
        Assert.StartsWith("6.1.0-", kernel.Release, StringComparison.Ordinal);
        Assert.True(kernel.HasPvhEntry);
        Assert.True(ElfKernel.IsElf(File.ReadAllBytes(kernel.Vmlinux)));

        var modules = await toolbox.ModulesAsync(kernel, Cancel);
        var files = await modules.LoadOrderAsync(["virtio-net"], Cancel);
        Assert.Equal("virtio_net", files[^1].Name);
        Assert.All(files, file => Assert.StartsWith("\u007fELF", File.ReadAllText(file.Path)[..4], StringComparison.Ordinal));
        Assert.Equal(ToolchainProblem.ModuleNotFound, Assert.Throws<ToolchainException>(() => modules.Closure("r8169")).Problem);

        var listed = (await toolbox.Kernels.ListAsync(Cancel)).Single(listing => listing.Name == "debian:6.1-cloud");
        Assert.Equal((kernel.Release, KernelState.Installed), (listed.Release, listed.State));
    }

    [Fact]
    public async Task The_doctor_gives_a_remedy_for_what_setup_provides()
    {
        using var scratch = new Scratch();
        var checks = await Doctor.ExamineAsync(new Toolbox(scratch.Cache, null, new HostLayout(scratch.At("host"))), Cancel);
        foreach (var name in new[] { "tools", "QEMU", "kernels" })
        {
            var check = checks.Single(check => check.Name == name);
            Assert.Equal((CheckState.Missing, "understudy setup"), (check.State, check.Remedy));
        }
        Assert.Equal(CheckState.Ok, checks.Single(check => check.Name == "cache").State);
    }
}
