using System.Diagnostics;
using Understudy.Toolchain;

namespace Understudy.Boards;

/// <summary>Finds out whether KVM really boots kernels here. A <c>/dev/kvm</c> that opens and creates virtual machines may still never run
/// one (nested virtualisation without hardware help): only a boot tells. One boot without a root file system ends in the kernel's own panic
/// within a second where KVM works; nothing comes where it does not. The answer is kept until the host reboots.</summary>
sealed class KvmProbe(QemuInstallation qemu, UnderstudyCache cache, string device = "/dev/kvm")
{
    static readonly TimeSpan s_limit = TimeSpan.FromSeconds(4);

    /// <summary>Chooses the accelerator for a kernel.</summary>
    public async Task<Accelerator> ChooseAsync(Kernel kernel, CancellationToken cancel)
    {
        if (!File.Exists(device)) return new Accelerator("tcg", $"this machine has no {device}");
        if (!CanOpen(out var refusal)) return new Accelerator("tcg", $"{device} cannot be opened: {refusal}");
        var answer = Path.Combine(cache.Root, "kvm-probe");
        var question = $"{HostBoot.Id} {qemu.Version}";
        if (File.Exists(answer) && File.ReadAllLines(answer) is [var asked, var told, ..] && asked == question)
            return told == "boots" ? Works : Hangs(told);
        var found = await TryBootAsync(kernel, cancel).ConfigureAwait(false);
        await File.WriteAllLinesAsync(answer, [question, found], cancel).ConfigureAwait(false);
        return found == "boots" ? Works : Hangs(found);
    }

    Accelerator Works => new("kvm", $"{device} boots kernels here");

    Accelerator Hangs(string found) => new("tcg", $"{device} opens but is of no use: {found}");

    bool CanOpen(out string refusal)
    {
        try
        {
            using var opened = new FileStream(device, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
            refusal = "";
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            refusal = exception.Message;
            return false;
        }
    }

    async Task<string> TryBootAsync(Kernel kernel, CancellationToken cancel)
    {
        string[] arguments =
        [
            "-nodefaults", "-no-user-config", "-display", "none", "-nic", "none", "-run-with", "exit-with-parent=on", "-no-reboot",
            "-accel", "kvm", "-cpu", "host", "-M", "q35", "-m", "256M", "-bios", qemu.FirmwarePath("qboot.rom"),
            "-kernel", kernel.Vmlinux, "-append", "console=ttyS0 panic=-1", "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
        ];
        using var process = await QemuProcess.StartAsync(qemu.StartInfo(arguments)).ConfigureAwait(false);
        var console = new SerialConsole();
        var reading = console.ReadAsync(process.Console);
        var began = Stopwatch.GetTimestamp();
        var inTime = true;
        try
        {
            await process.Ended.WaitAsync(s_limit, cancel).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            inTime = false;
        }
        process.Kill();
        await reading.ConfigureAwait(false);
        if (console.Tail.Contains("Kernel panic", StringComparison.Ordinal)) return "boots";
        if (inTime) return $"QEMU gave up on it: {process.Errors.Split('\n').LastOrDefault()}";
        return $"a kernel printed {(console.Count == 0 ? "nothing" : "no end")} in {Stopwatch.GetElapsedTime(began).TotalSeconds:F0} s";
    }
}
