using System.Diagnostics;
using System.Globalization;
using Understudy.Guest.Protocol;

namespace Understudy.Guest.Tests;

/// <summary>The real agent, compiled by this machine's C compiler and run as an ordinary process that serves its standard streams.</summary>
sealed class AgentProcess : IAsyncDisposable
{
    static readonly Lazy<string?> Compiled = new(Compile);

    readonly Process _process;
    readonly FrameReader _frames;
    readonly string _socket = Path.Combine(Path.GetTempPath(), $"agent-test-{Guid.NewGuid():N}");

    /// <param name="log">The file that the log goes to; ours to read when null.</param>
    public AgentProcess(string? log = null)
    {
        Assert.SkipWhen(Compiled.Value is null, "there is no C compiler (cc) here");
        var start = new ProcessStartInfo("sh", ["-c", $"exec \"$0\" --stdio {(log is null ? "" : $"2>{log}")}", Compiled.Value!])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
            Environment = { ["UNDERSTUDY_SOCKET"] = _socket },
        };
        _process = Process.Start(start)!;
        Control = new Duplex(_process.StandardOutput.BaseStream, _process.StandardInput.BaseStream);
        _frames = new(Control) { Strict = true };
    }

    /// <summary>Where the executable lies.</summary>
    public static string Executable => Compiled.Value!;

    public Stream Control { get; }

    /// <summary>How often it has called write(2) and its like.</summary>
    public long Writes => long.Parse(File.ReadLines($"/proc/{_process.Id}/io").Single(line => line.StartsWith("syscw: ", StringComparison.Ordinal))["syscw: ".Length..], CultureInfo.InvariantCulture);

    public Task<GuestAgent> ConnectAsync(GuestAgentOptions? options = null) =>
        GuestAgent.ConnectAsync(Control, _process.StandardError.BaseStream, options, TestContext.Current.CancellationToken);

    /// <summary>Sends raw bytes and returns the agent's next frame.</summary>
    public async Task<Frame> AnswerToAsync(ReadOnlyMemory<byte> bytes)
    {
        await Control.WriteAsync(bytes, TestContext.Current.CancellationToken);
        await Control.FlushAsync(TestContext.Current.CancellationToken);
        return await NextAsync();
    }

    /// <summary>The agent's next frame.</summary>
    public async Task<Frame> NextAsync() =>
        await _frames.ReadAsync(TestContext.Current.CancellationToken) ?? throw new EndOfStreamException("the agent ended");

    public async ValueTask DisposeAsync()
    {
        await Control.DisposeAsync();
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        File.Delete(_socket);
    }

    static string? Compile()
    {
        if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "cc")))) return null;
        var folder = Directory.CreateTempSubdirectory("agent-test").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        AgentSource.WriteTo(Path.Combine(folder, "agent.c"));
        var start = new ProcessStartInfo("cc", ["-O1", "-Wall", "-Wextra", "-Werror", "-o", "agent", "agent.c"]) { WorkingDirectory = folder, RedirectStandardError = true };
        using var compiler = Process.Start(start)!;
        var said = compiler.StandardError.ReadToEnd();
        compiler.WaitForExit();
        return compiler.ExitCode == 0 ? Path.Combine(folder, "agent") : throw new InvalidOperationException($"agent.c does not compile:\n{said}");
    }

    /// <summary>A stream that is read from one and written to another.</summary>
    sealed class Duplex(Stream input, Stream output) : Stream
    {
        public override bool CanRead => true;
        public override bool CanWrite => true;
        public override bool CanSeek => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => input.Read(buffer, offset, count);
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => input.ReadAsync(buffer, cancellationToken);
        public override void Write(byte[] buffer, int offset, int count) => output.Write(buffer, offset, count);
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => output.WriteAsync(buffer, cancellationToken);
        public override Task FlushAsync(CancellationToken cancellationToken) => output.FlushAsync(cancellationToken);
        public override void Flush() => output.Flush();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            output.Dispose();
            input.Dispose();
            base.Dispose(disposing);
        }
    }
}
