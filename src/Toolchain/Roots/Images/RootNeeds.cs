using System.Buffers.Binary;

namespace Understudy.Toolchain;

/// <summary>What a root file system must have so that a package can be built and installed there.</summary>
static class RootNeeds
{
    const int MachineAt = 18, AmdX86Machine = 62;

    static readonly string[] s_programs = ["dkms", "make", "gcc", "modprobe", "depmod", "modinfo", "find", "env"];

    static readonly string[] s_places = ["usr/sbin", "usr/bin", "sbin", "bin", "usr/local/sbin", "usr/local/bin"];

    static readonly string[] s_libraries = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib64", "lib64", "usr/lib", "lib"];

    // What installs it, where there is the program.
    static readonly (string Program, string Command)[] s_installers =
    [
        ("apt-get", "apt-get update && apt-get install -y dkms gcc make kmod libelf1"), ("dnf", "dnf install -y dkms gcc make kmod elfutils-libelf"),
        ("zypper", "zypper install -y dkms gcc make kmod libelf1"), ("pacman", "pacman -S --noconfirm dkms gcc make kmod libelf"),
    ];

    /// <summary>Refuses what is no root file system, and one that lacks something.</summary>
    /// <exception cref="ToolchainException">It names all that is missing (<see cref="ToolchainProblem.BadFile"/>).</exception>
    public static void Check(RootFiles files, string name)
    {
        string[] absent = [.. Program(files, "sh") is null ? new[] { "/bin/sh" } : [], .. files.FindAny(["etc/os-release", "usr/lib/os-release"]) is null ? new[] { "/etc/os-release" } : []];
        if (absent.Length > 0) throw Bad($"{name} is no root file system of a Linux distribution: it has no {string.Join(" and no ", absent)}.");
        var shell = Start(Program(files, "sh")!);
        if (ElfKernel.IsElf(shell) && BinaryPrimitives.ReadUInt16LittleEndian(shell.AsSpan(MachineAt)) is var machine && machine != AmdX86Machine)
            throw Bad($"{name} is made for another processor: the ELF machine of its /bin/sh is {machine}, and a guest here is x86-64 ({AmdX86Machine}).");
        List<string> missing = [.. s_programs.Where(program => Program(files, program) is null)];
        if (Library(files, "libelf.so.1") is null) missing.Add("libelf.so.1");
        if (missing.Count == 0) return;
        var installer = s_installers.FirstOrDefault(one => Program(files, one.Program) is not null).Command;
        throw Bad($"{name} lacks {string.Join(", ", missing)}, which it takes to build a DKMS package there. {(installer is null ? "Install that in it" : $"Install that in it, as RUN {installer}")}, and try again.");
    }

    /// <summary>A program of it, wherever programs are.</summary>
    public static RootFile? Program(RootFiles files, string name) => files.FindAny(s_places.Select(place => $"{place}/{name}"));

    /// <summary>A shared library of it.</summary>
    public static RootFile? Library(RootFiles files, string name) => files.FindAny(s_libraries.Select(place => $"{place}/{name}"));

    static byte[] Start(RootFile file)
    {
        var start = new byte[64];
        if (file.Content is not { } content) return start;
        content.Position = 0;
        content.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        return start;
    }

    static ToolchainException Bad(string what) => new(ToolchainProblem.BadFile, what);
}
