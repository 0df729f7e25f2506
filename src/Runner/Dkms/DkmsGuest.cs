using System.Globalization;
using System.Text;
using Understudy.Boards;
using Understudy.Guest;
using Understudy.Pci;
using Understudy.Runner.Suites;

namespace Understudy.Runner.Dkms;

/// <summary>A guest with a Debian user space on its disk. All that is done there, and what came of it, is written down beside the run.</summary>
sealed class DkmsGuest : IDkmsMachine, IDisposable
{
    const string Transcript = "dkms.log";

    // A build in an emulated machine on a busy host.
    static readonly TimeSpan s_limit = TimeSpan.FromMinutes(45), s_patience = TimeSpan.FromSeconds(30);

    readonly TestRun _run;
    readonly Lab _lab;
    readonly string _root;
    readonly StreamWriter _transcript;

    DkmsGuest(TestRun run, Lab lab, string root)
    {
        (_run, _lab, _root) = (run, lab, root);
        _transcript = new StreamWriter(run.Run.Directory.CreateAttachment(Transcript), new UTF8Encoding(false)) { AutoFlush = true };
    }

    /// <summary>Enters the booted guest.</summary>
    /// <exception cref="LabFailedException">There is no system on its disk.</exception>
    public static async Task<DkmsGuest> EnterAsync(TestRun run, Lab lab, CancellationToken cancel)
    {
        var guest = new DkmsGuest(run, lab, run.Storage.SystemRoot ?? throw new LabFailedException("the guest's disk holds no system that can be entered"));
        // What depmod wants to know of a kernel beside its modules. Of these, of which there are thousands, those are enough that the guest itself
        // needs: without any, DKMS takes the kernel for one that is not installed, and runs no depmod.
        foreach (var index in (string[])["modules.builtin", "modules.builtin.modinfo", "modules.order"])
            if (lab.Kernel.ModulesDirectory is { } modules && File.Exists(Path.Combine(modules, index)))
                await guest.PutAsync($"/lib/modules/{lab.Kernel.Release}/{index}", await File.ReadAllBytesAsync(Path.Combine(modules, index), cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);
        var modulesOfGuest = await run.Machine.Guest.ExecuteAsync(["sh", "-c", $"mkdir -p {guest._root}/lib/modules/{lab.Kernel.Release}/kernel && cp /lib/modules/{lab.Kernel.Release}/*.ko {guest._root}/lib/modules/{lab.Kernel.Release}/kernel/"], cancellation: cancel).ConfigureAwait(false);
        var indexed = await guest.RunAsync($"depmod {lab.Kernel.Release}", cancel).ConfigureAwait(false);
        return modulesOfGuest.Succeeded && indexed.Succeeded ? guest : throw new LabFailedException($"the kernel's modules cannot be put on the guest's disk: {modulesOfGuest.Stderr}{indexed.Stderr}");
    }

    public async Task<CommandResult> RunAsync(string script, CancellationToken cancel, TimeSpan? limit = null)
    {
        await _transcript.WriteLineAsync($"# {script}").ConfigureAwait(false);
        string[] command = ["chroot", _root, "/usr/bin/env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C", "TERM=dumb", "DEBIAN_FRONTEND=noninteractive", "/bin/sh", "-c", script];
        try
        {
            var result = await _run.Machine.Guest.ExecuteAsync(command, cancellation: cancel).WaitAsync(limit ?? s_limit, cancel).ConfigureAwait(false);
            await _transcript.WriteAsync(result.Stdout + result.Stderr).ConfigureAwait(false);
            await _transcript.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"# exit code {result.ExitCode}, {result.Duration.TotalSeconds:F2} s")).ConfigureAwait(false);
            return result;
        }
        catch (TimeoutException)
        {
            throw new StepFailedException(string.Create(CultureInfo.InvariantCulture, $"'{script}' has no end after {(limit ?? s_limit).TotalMinutes} minutes"), await _run.DoingAsync(cancel).ConfigureAwait(false));
        }
    }

    public Task PutAsync(string path, byte[] content, CancellationToken cancel) => _run.Machine.Guest.PushAsync($"{_root}{path}", content, cancellation: cancel);

    public async Task BringAsync(IReadOnlyList<string> modules, CancellationToken cancel)
    {
        var tree = await _lab.Toolbox.ModulesAsync(_lab.Kernel, cancel).ConfigureAwait(false);
        foreach (var module in await tree.LoadOrderAsync(modules.Where(tree.Has), cancel).ConfigureAwait(false))
            await PutAsync($"/lib/modules/{_lab.Kernel.Release}/kernel/understudy/{Path.GetFileName(module.Path)}", await File.ReadAllBytesAsync(module.Path, cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);
        await RunAsync($"depmod {_lab.Kernel.Release}", cancel).ConfigureAwait(false);
    }

    public async Task AwaitDriverAsync(PciIdentity card, CancellationToken cancel)
    {
        try
        {
            await _run.Machine.Guest.WaitForDeviceAsync($"DRIVER=* PCI_ID={card.Vendor:X4}:{card.Device:X4}", cancel).WaitAsync(s_patience, cancel).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // That it has none is for whoever looks then.
            return;
        }
    }

    public void Dispose() => _transcript.Dispose();
}
