using System.Diagnostics;
using System.Text;

namespace Understudy.Boards;

/// <summary>A running QEMU. It dies with us, whatever kills us: QEMU asks the kernel for that (<c>-run-with exit-with-parent</c>), which
/// counts the thread that started it as the parent, so one thread of ours starts it and stays until it has ended.</summary>
sealed class QemuProcess : IDisposable
{
    const int MostErrorText = 16 * 1024;

    readonly StringBuilder _errors = new();
    readonly TaskCompletionSource<Process> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly TaskCompletionSource<int> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Process? _process;

    /// <summary>Starts QEMU.</summary>
    /// <exception cref="LabFailedException">It cannot be started.</exception>
    public static async Task<QemuProcess> StartAsync(ProcessStartInfo start)
    {
        // In a session of its own: Ctrl-C on our terminal is for us to act on, not for the guest to die of.
        start.ArgumentList.Insert(0, start.FileName);
        start.FileName = "setsid";
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        var qemu = new QemuProcess();
        new Thread(() => qemu.Run(start)) { IsBackground = true, Name = "qemu-parent" }.Start();
        qemu._process = await qemu._started.Task.ConfigureAwait(false);
        return qemu;
    }

    /// <summary>The guest's serial console.</summary>
    public Stream Console => Running.StandardOutput.BaseStream;

    /// <summary>What is typed at it.</summary>
    public Stream Keyboard => Running.StandardInput.BaseStream;

    /// <summary>Process ID.</summary>
    public int Id => Running.Id;

    /// <summary>QEMU's exit status, or the negative of the signal that killed it.</summary>
    public Task<int> Ended => _ended.Task;

    /// <summary>What QEMU said on its standard error.</summary>
    public string Errors
    {
        get { lock (_errors) return _errors.ToString().Trim(); }
    }

    public void Kill()
    {
        if (!Ended.IsCompleted) Running.Kill();
    }

    public void Dispose()
    {
        Kill();
        _ended.Task.Wait();
        Running.Dispose();
    }

    Process Running => _process ?? throw new InvalidOperationException("QEMU has not been started.");

    void Run(ProcessStartInfo start)
    {
        Process process;
        try
        {
            process = Process.Start(start) ?? throw new InvalidOperationException("nothing was started");
        }
        catch (Exception exception)
        {
            _started.SetException(new LabFailedException($"QEMU ({start.ArgumentList[0]}) cannot be started: {exception.Message}", exception));
            return;
        }
        process.ErrorDataReceived += (_, line) => KeepError(line.Data);
        process.BeginErrorReadLine();
        _started.SetResult(process);
        process.WaitForExit();
        _ended.SetResult(process.ExitCode > 128 ? 128 - process.ExitCode : process.ExitCode);
    }

    void KeepError(string? line)
    {
        if (line is null) return;
        lock (_errors)
            if (_errors.Length < MostErrorText) _errors.AppendLine(line);
    }
}
