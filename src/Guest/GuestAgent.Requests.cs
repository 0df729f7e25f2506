using System.Text;
using Understudy.Guest.Protocol;

namespace Understudy.Guest;

/// <content>What can be asked of a guest.</content>
public sealed partial class GuestAgent
{
    const UnixFileMode PlainFile = (UnixFileMode)0b110_100_100;
    const int PiecesInFlight = 8;

    /// <summary>Asks for nothing; how long the answer took, by the host's clock.</summary>
    public async Task<TimeSpan> PingAsync(CancellationToken cancellation = default)
    {
        var start = _clock.GetTimestamp();
        await AskAsync(new FrameWriter(FrameType.Ping), "ping", cancellation);
        return _clock.GetElapsedTime(start);
    }

    /// <summary>Runs a command to its end. Its exit code is a result, not an error. Cancelling kills it and everything in its session.</summary>
    /// <param name="argv">The program, by path or found in PATH, and its arguments. There is no shell unless it is one.</param>
    /// <param name="options">Directory, variables, input, terminal, how much output is kept.</param>
    /// <param name="onOutput">Sees the output as it comes.</param>
    /// <param name="cancellation">Kills the command.</param>
    /// <exception cref="GuestException">It could not be started.</exception>
    public async Task<CommandResult> ExecuteAsync(
        IReadOnlyList<string> argv, CommandOptions? options = null, OutputHandler? onOutput = null, CancellationToken cancellation = default)
    {
        options ??= new();
        var process = await StartAsync(argv, options, options.Input is not null, onOutput, cancellation);
        try
        {
            if (options.Input is { } input) await FeedAsync(process, input, cancellation);
            return await process.Completion.WaitAsync(cancellation);
        }
        catch (Exception failure) when (failure is not (GuestException or GuestLostException))
        {
            process.Abandon();
            throw;
        }
    }

    /// <summary>Starts a command whose input stays open, and does not wait for its end.</summary>
    /// <inheritdoc cref="ExecuteAsync"/>
    public Task<GuestProcess> StartAsync(
        IReadOnlyList<string> argv, CommandOptions? options = null, OutputHandler? onOutput = null, CancellationToken cancellation = default) =>
        StartAsync(argv, options ?? new(), input: true, onOutput, cancellation);

    /// <summary>Starts an interactive shell on a terminal of its own.</summary>
    /// <param name="onOutput">Takes what the terminal shows; bytes, with the escape sequences in them.</param>
    /// <param name="rows">Height of the terminal.</param>
    /// <param name="columns">Width of the terminal.</param>
    /// <param name="cancellation">Gives up starting it.</param>
    public Task<GuestProcess> StartShellAsync(OutputHandler onOutput, ushort rows = 24, ushort columns = 80, CancellationToken cancellation = default) =>
        StartAsync(["/bin/sh"], new() { Directory = "/", Terminal = (rows, columns), OutputLimit = 0 }, onOutput, cancellation);

    /// <summary>Writes a file in the guest, over whatever was there; directories on the way are made.</summary>
    /// <exception cref="GuestException">The guest cannot write it.</exception>
    public Task PushAsync(string path, ReadOnlyMemory<byte> content, UnixFileMode mode = PlainFile, CancellationToken cancellation = default) =>
        PushAsync(path, new MemoryStream(content.ToArray(), writable: false), mode, cancellation);

    /// <inheritdoc cref="PushAsync(string,ReadOnlyMemory{byte},UnixFileMode,CancellationToken)"/>
    public async Task PushAsync(string path, Stream content, UnixFileMode mode = PlainFile, CancellationToken cancellation = default)
    {
        var piece = new byte[Frame.Chunk];
        var underWay = new Queue<Task>();
        ulong offset = 0;
        while (true)
        {
            var length = await content.ReadAtLeastAsync(piece, piece.Length, throwOnEndOfStream: false, cancellation);
            if (length == 0 && offset > 0) break;
            var request = new FrameWriter(FrameType.Push).U64(offset).U32((uint)mode).Text(path).Bytes(piece.AsSpan(0, length));
            underWay.Enqueue(AskAsync(request, $"push {path}", cancellation));
            offset += (ulong)length;
            // The first piece makes the file; a guest that cannot make it need not see the rest.
            if (underWay.Count >= (_time is null ? PiecesInFlight : 1) || offset == (ulong)length) await underWay.Dequeue();
            if (length < piece.Length) break;
        }
        await Task.WhenAll(underWay);
    }

    /// <summary>Reads a file of the guest into a stream; also files of /proc and /sys, which do not know their length.</summary>
    /// <param name="path">The file.</param>
    /// <param name="destination">Written from the client's reader: a file or memory, not something that waits.</param>
    /// <param name="limit">The most bytes to take; a longer file is an error.</param>
    /// <param name="cancellation">Gives up; what came by then is in the destination.</param>
    /// <returns>How many bytes it had.</returns>
    /// <exception cref="GuestException">The guest cannot read it.</exception>
    /// <exception cref="IOException">It is too long, or the destination cannot be written.</exception>
    public async Task<long> PullAsync(string path, Stream destination, long limit = 1L << 30, CancellationToken cancellation = default)
    {
        var reply = new PullReply(path, destination, limit);
        var id = await _connection.SendAsync(new FrameWriter(FrameType.Pull).Text(path), reply, cancellation);
        try
        {
            return await reply.Task.WaitAsync(cancellation);
        }
        catch (Exception failure) when (failure is not (GuestException or GuestLostException))
        {
            _connection.Abandon(id);
            throw;
        }
    }

    /// <summary>Reads a file of the guest of up to 64 MiB.</summary>
    /// <inheritdoc cref="PullAsync(string,Stream,long,CancellationToken)"/>
    public async Task<byte[]> PullAsync(string path, CancellationToken cancellation = default)
    {
        const long limit = 64 << 20;
        var content = new MemoryStream();
        await PullAsync(path, content, limit, cancellation);
        return content.ToArray();
    }

    /// <summary>Loads a module and before it what it depends on, like modprobe; returns when its init function has returned.</summary>
    /// <param name="module">Its name, an alias such as <c>pci:v000010ECd00008168...</c>, or a path in the guest that begins with /.</param>
    /// <param name="parameters">Its parameters as insmod takes them: <c>debug=16 use_dac=1</c>.</param>
    /// <param name="cancellation">Gives up; the kernel may finish all the same.</param>
    /// <exception cref="GuestException">It did not load: errno 2 not there or a symbol missing, 17 loaded already, 8 not for this kernel.</exception>
    public Task LoadModuleAsync(string module, string parameters = "", CancellationToken cancellation = default) =>
        AskAsync(new FrameWriter(FrameType.LoadModule).Text(module).Text(parameters), $"load {module}", cancellation);

    /// <summary>Unloads a module, without waiting for those who use it.</summary>
    /// <exception cref="GuestException">It is not loaded (2), or in use (11).</exception>
    public Task UnloadModuleAsync(string module, CancellationToken cancellation = default) =>
        AskAsync(new FrameWriter(FrameType.UnloadModule).Text(module), $"unload {module}", cancellation);

    /// <summary>
    /// Waits for a device: until one is there that has all the given keys, or an event says them. At once when it is there already.
    /// </summary>
    /// <param name="keys">
    /// Keys of the device's uevent, with shell patterns: <c>SUBSYSTEM=net INTERFACE=eth*</c>, <c>DRIVER=r8169</c> (its event comes
    /// when the probe is done, but sysfs shows the key already while it runs). With <c>ACTION=remove</c> it waits for a device to go.
    /// </param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <returns>All keys of the device, such as DEVPATH and DEVNAME.</returns>
    public async Task<IReadOnlyDictionary<string, string>> WaitForDeviceAsync(string keys, CancellationToken cancellation = default)
    {
        var answer = Encoding.UTF8.GetString(await AskAsync(new FrameWriter(FrameType.WaitDevice).Text(keys), $"wait for {keys}", cancellation));
        return answer.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('=', 2))
            .Where(pair => pair.Length == 2)
            .DistinctBy(pair => pair[0])
            .ToDictionary(pair => pair[0], pair => pair[1]);
    }

    /// <summary>Waits until a path of sysfs or /dev exists; looked at again with every event of a device.</summary>
    /// <param name="path">The path, with shell patterns: <c>/dev/nvme*n1</c>, <c>/sys/class/net/eth0</c>.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <returns>The first path that fits.</returns>
    public async Task<string> WaitForPathAsync(string path, CancellationToken cancellation = default)
    {
        if (!path.StartsWith('/')) throw new ArgumentException($"'{path}' must begin with /", nameof(path));
        return Encoding.UTF8.GetString(await AskAsync(new FrameWriter(FrameType.WaitDevice).Text(path), $"wait for {path}", cancellation));
    }

    /// <summary>Sets the guest's wall clock, which stands still in a machine that was saved.</summary>
    public Task SetTimeAsync(DateTimeOffset time, CancellationToken cancellation = default)
    {
        const ulong nanosecondsPerTick = 100;
        var ticks = (ulong)(time - DateTimeOffset.UnixEpoch).Ticks;
        return AskAsync(new FrameWriter(FrameType.SetTime).U64(ticks * nanosecondsPerTick), "set the time", cancellation);
    }

    /// <summary>Stirs chance into the guest's random numbers, which counts from the next one on: machines made of one saved machine would
    /// all draw the same.</summary>
    /// <param name="seed">What is stirred in; the first 512 bytes of it.</param>
    /// <param name="cancellation">Gives up.</param>
    public Task SeedAsync(ReadOnlyMemory<byte> seed, CancellationToken cancellation = default) =>
        AskAsync(new FrameWriter(FrameType.Seed).Bytes(seed.Span), "seed the random numbers", cancellation);

    /// <summary>Mounts a file system (mount(2)); the mount point is made.</summary>
    /// <param name="source">The device or the tag.</param>
    /// <param name="target">The mount point.</param>
    /// <param name="type">The file system: <c>9p</c>, <c>virtiofs</c>, <c>ext4</c>.</param>
    /// <param name="options">Options of the file system itself: <c>trans=virtio,version=9p2000.L</c>.</param>
    /// <param name="flags">MS_ flags of mount(2); 1 is read-only.</param>
    /// <param name="cancellation">Gives up.</param>
    public Task MountAsync(string source, string target, string type, string options = "", ulong flags = 0, CancellationToken cancellation = default) =>
        AskAsync(new FrameWriter(FrameType.Mount).Text(source).Text(target).Text(type).Text(options).U64(flags), $"mount {target}", cancellation);

    /// <summary>Does what a magic SysRq key does (Documentation/admin-guide/sysrq.rst): <c>w</c> blocked tasks, <c>l</c> all CPUs' stacks, <c>c</c> a crash.</summary>
    public Task SysRqAsync(char key, CancellationToken cancellation = default) =>
        AskAsync(new FrameWriter(FrameType.SysRq).Bytes([checked((byte)key)]), $"sysrq {key}", cancellation);

    /// <summary>Powers the guest off and returns when its channel has closed.</summary>
    /// <exception cref="GuestException">The agent is not the guest's init.</exception>
    public async Task PowerOffAsync(CancellationToken cancellation = default)
    {
        try
        {
            await AskAsync(new FrameWriter(FrameType.PowerOff), "power off", cancellation);
            // It goes down by itself now, for as long as that takes.
            _time?.Begin();
        }
        catch (GuestLostException)
        {
            return; // Gone before its answer came through: that is what was asked.
        }
        await Lost.WaitAsync(cancellation);
    }

    async Task<GuestProcess> StartAsync(
        IReadOnlyList<string> argv, CommandOptions options, bool input, OutputHandler? onOutput, CancellationToken cancellation)
    {
        const uint terminal = 1, withInput = 2;
        if (argv.Count == 0) throw new ArgumentException("there must be a program to run", nameof(argv));
        var (rows, columns) = options.Terminal ?? default;
        var request = new FrameWriter(FrameType.Execute)
            .U32((options.Terminal is null ? 0 : terminal) | (input ? withInput : 0))
            .U32(rows | (uint)columns << 16)
            .Text(options.Directory ?? "/")
            .Texts(argv)
            .Texts([.. options.Environment.Select(variable => $"{variable.Key}={variable.Value}")]);
        var reply = new CommandReply(string.Join(' ', argv), options.OutputLimit, onOutput, _clock);
        return new(_connection, await _connection.SendAsync(request, reply, cancellation), LoggedAsync(reply));
    }

    // A log that was on its way before an answer, and of which nothing comes for so long, does not come.
    static readonly TimeSpan s_logPatience = TimeSpan.FromSeconds(2);

    // What the kernel said until the command ended has come when its end is known: log and answers are two channels.
    async Task<CommandResult> LoggedAsync(CommandReply reply)
    {
        var result = await reply.Task;
        if (reply.Logged > 0) await KernelLog.ReachesAsync(reply.Logged - 1, s_logPatience);
        return result;
    }

    static async Task FeedAsync(GuestProcess process, ReadOnlyMemory<byte> input, CancellationToken cancellation)
    {
        try
        {
            await process.WriteAsync(input, cancellation);
            await process.CloseInputAsync(cancellation);
        }
        catch (GuestException)
        {
            // A command may end without reading all its input, like head; how it ended is what counts.
        }
    }
}
