using System.Net.Sockets;
using Understudy.Linux;

namespace Understudy.Boards;

/// <summary>A running guest: the kernel's own process, and the sockets it has as console and lines. It dies with us, whatever kills us: it
/// asks the host's kernel for that through <c>setpriv</c>, which counts the thread that started it as the parent, so one thread of ours
/// starts it and stays until it has ended.</summary>
sealed class UmlProcess : IDisposable
{
    readonly TaskCompletionSource<ChildProcess> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly TaskCompletionSource<int> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly List<Stream> _streams = [];
    ChildProcess? _process;

    /// <summary>Descriptors of the guest's: its console, and its lines for the agent.</summary>
    public const int ConsoleDescriptor = 1, ControlDescriptor = 3, LogDescriptor = 4;

    /// <summary>Starts a kernel.</summary>
    /// <param name="kernel">Its file.</param>
    /// <param name="directory">Where it runs.</param>
    /// <param name="arguments">What it is told.</param>
    /// <param name="line">Makes our side of a line for the agent; null leaves it to the socket.</param>
    /// <exception cref="LabFailedException">It cannot be started.</exception>
    public static async Task<UmlProcess> StartAsync(string kernel, string directory, IReadOnlyList<string> arguments, Func<UnixSocket, Stream>? line)
    {
        var guest = new UmlProcess();
        using var nothing = FileDescriptor.Open("/dev/null");
        UnixSocket console = guest.Channel(Plain), control = guest.Channel(line ?? Plain), log = guest.Channel(line ?? Plain);
        new Thread(() => guest.Run("/usr/bin/setpriv", ["--pdeathsig", "KILL", "--", "/usr/bin/env", "-C", directory, Path.GetFullPath(kernel), .. arguments], [nothing, console, console, control, log])) { IsBackground = true, Name = "uml-parent" }.Start();
        try
        {
            guest._process = await guest._started.Task.ConfigureAwait(false);
        }
        catch (LinuxException refused)
        {
            guest.CloseStreams();
            throw new LabFailedException($"{kernel} cannot be started: {refused.Message}", refused);
        }
        finally
        {
            foreach (var channel in (UnixSocket[])[console, control, log]) channel.Dispose();
        }
        return guest;
    }

    public Stream Console => _streams[0];

    public Stream Control => _streams[1];

    public Stream Log => _streams[2];

    /// <summary>Process ID.</summary>
    public int Id => _process!.Id;

    /// <summary>The kernel's exit status, or the negative of the signal that killed it.</summary>
    public Task<int> Ended => _ended.Task;

    public void Kill() => _process?.Kill();

    public void Dispose()
    {
        Kill();
        _ended.Task.Wait();
        CloseStreams();
    }

    void CloseStreams()
    {
        foreach (var stream in _streams) stream.Dispose();
    }

    UnixSocket Channel(Func<UnixSocket, Stream> side)
    {
        var (ours, its) = UnixSocket.Pair();
        _streams.Add(side(ours));
        return its;
    }

    static NetworkStream Plain(UnixSocket ours) => new(new Socket(ours.Hand()), ownsSocket: true);

    void Run(string program, IReadOnlyList<string> arguments, IReadOnlyList<FileDescriptor> descriptors)
    {
        ChildProcess process;
        try
        {
            process = ChildProcess.Start(program, arguments, descriptors);
        }
        catch (LinuxException refused)
        {
            _started.SetException(refused);
            return;
        }
        _started.SetResult(process);
        _ended.SetResult(process.Wait());
    }
}
