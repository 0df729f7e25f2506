using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Understudy.Boards;
using Understudy.Build;
using Understudy.Guest;

namespace Understudy.Runner.Debugging;

/// <summary>gdb on a running guest, at our own terminal: with the kernel's symbols and sources, and those of each module as it is loaded. Ctrl-C
/// is gdb's while there is one. In it, <c>guest SCRIPT</c> runs a script in the guest's shell.</summary>
public sealed class Debugger : IAsyncDisposable
{
    const string Program = "gdb", Script = "guest.py";
    const string NoModules = "The kernel's own modules have no symbols: none were kept when it was built.";

    static readonly string[] s_alone = ["-batch", "-nx"], s_attended = ["-q"];

    readonly Process _process;
    readonly PosixSignalRegistration _interrupt;
    readonly DirectoryInfo _scratch;
    readonly Task _asked;
    readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    Debugger(Process process, PosixSignalRegistration interrupt, DirectoryInfo scratch, Socket channel, GuestAgent guest, Action<string> says)
    {
        (_process, _interrupt, _scratch) = (process, interrupt, scratch);
        _asked = ServeAsync(channel, guest, says);
    }

    /// <summary>Starts gdb and waits until it has stopped the guest.</summary>
    /// <param name="machine">The guest's machine, which has booted.</param>
    /// <param name="plan">What it is told.</param>
    /// <param name="says">Told what scripts in the guest print.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="LabFailedException">There is no gdb here, or it does not get at the guest.</exception>
    public static async Task<Debugger> AttachAsync(IMachine machine, DebugPlan plan, Action<string> says, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(machine);
        ArgumentNullException.ThrowIfNull(plan);
        var target = machine.Debugging ?? throw new LabFailedException("This board's guests cannot be debugged.");
        var scratch = Directory.CreateTempSubdirectory("understudy-gdb-");
        // What a terminal's Ctrl-C interrupts is the guest, by way of gdb.
        var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);
        try
        {
            using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            var socket = Path.Combine(scratch.FullName, "socket");
            listener.Bind(new UnixDomainSocketEndPoint(socket));
            listener.Listen();
            var process = Start([target.Image, .. Commands(plan, target, WriteScript(scratch), socket).SelectMany(command => new[] { "-ex", command })]);
            var met = listener.AcceptAsync(cancel).AsTask();
            if (await Task.WhenAny(met, process.WaitForExitAsync(cancel)).ConfigureAwait(false) != met) throw new LabFailedException($"gdb ended with status {process.ExitCode} before it had the guest. Attaching may be forbidden: see kernel.yama.ptrace_scope in ptrace(2). It needs Python, which Debian's gdb has and gdb-minimal has not.");
            var debugger = new Debugger(process, interrupt, scratch, await met.ConfigureAwait(false), machine.Guest, says);
            await debugger._ready.Task.WaitAsync(cancel).ConfigureAwait(false);
            return debugger;
        }
        catch
        {
            interrupt.Dispose();
            scratch.Delete(recursive: true);
            throw;
        }
    }

    /// <summary>Waits until gdb has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        await _process.WaitForExitAsync().ConfigureAwait(false);
        await _asked.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _process.Dispose();
        _interrupt.Dispose();
        if (_scratch.Exists) _scratch.Delete(recursive: true);
    }

    /// <summary>Completes when gdb has ended; the guest then runs on without it.</summary>
    public Task EndedAsync() => _process.WaitForExitAsync();

    static Process Start(IReadOnlyList<string> arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(Program, [.. Console.IsInputRedirected ? s_alone : s_attended, .. arguments]))!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new LabFailedException("There is no gdb here: sudo apt-get install gdb");
        }
    }

    static IEnumerable<string> Commands(DebugPlan plan, DebugTarget target, string script, string socket)
    {
        var files = DebugFiles.Of(plan.Kernel);
        IEnumerable<(string Name, string Directory)> sources = [.. plan.Directories.Select(directory => (DebugFiles.SourcesOfModule(directory), directory)), .. files.Sources is { } kernels ? [(DebugFiles.SourcesName, kernels)] : Array.Empty<(string, string)>()];
        return
        [
            "set confirm off", "set breakpoint pending on", "set print inferior-events off", "set auto-load no",
            .. sources.Select(one => $"set substitute-path {one.Name} {one.Directory}"), .. target.Attach,
            $"set $understudy_socket = \"{socket}\"", $"set $understudy_modules = \"{string.Join(':', plan.Modules.Concat(files.Modules))}\"", $"source {script}",
            .. files.Modules.Count == 0 ? [$"echo {NoModules}\\n"] : Array.Empty<string>(), .. plan.Commands,
        ];
    }

    static string WriteScript(DirectoryInfo scratch)
    {
        var path = Path.Combine(scratch.FullName, Script);
        using var stream = typeof(Debugger).Assembly.GetManifestResourceStream(Script)!;
        using var file = File.Create(path);
        stream.CopyTo(file);
        return path;
    }

    // The first line says that the guest is stopped; each further one is a script for it.
    async Task ServeAsync(Socket channel, GuestAgent guest, Action<string> says)
    {
        using var reader = new StreamReader(new NetworkStream(channel, ownsSocket: true), Encoding.UTF8);
        await reader.ReadLineAsync().ConfigureAwait(false);
        _ready.SetResult();
        while (await reader.ReadLineAsync().ConfigureAwait(false) is { } script) _ = RunAsync(guest, script, says);
    }

    static async Task RunAsync(GuestAgent guest, string script, Action<string> says)
    {
        try
        {
            var result = await guest.ExecuteAsync(["sh", "-c", script]).ConfigureAwait(false);
            says($"guest: {script}\n{result.Stdout}{result.Stderr}".TrimEnd());
        }
        catch (GuestException refused)
        {
            says($"guest: {script}: {refused.Message}");
        }
        catch (GuestLostException)
        {
            says($"guest: {script}: the guest has ended");
        }
    }
}
