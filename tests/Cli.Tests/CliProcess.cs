using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Understudy.Cli.Tests;

/// <summary>The program as a user starts it, in a process and a directory of its own.</summary>
sealed class CliProcess : IDisposable
{
    readonly Process _process;
    readonly StringBuilder _out = new(), _error = new();
    readonly Task _reading;
    TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    CliProcess(string directory, Process process)
    {
        (Home, _process) = (directory, process);
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput, _out), ReadAsync(process.StandardError, _error));
    }

    /// <summary>Where it runs; its temporary files are in <c>tmp</c> below.</summary>
    public string Home { get; }

    /// <summary>Where its sockets are.</summary>
    public string Sockets => SocketsIn(Home);

    public int Id => _process.Id;

    public string Out
    {
        get { lock (_out) return _out.ToString(); }
    }

    public string Error
    {
        get { lock (_error) return _error.ToString(); }
    }

    public static CliProcess Start(string home, IReadOnlyDictionary<string, string?> environment, params IReadOnlyList<string> arguments)
    {
        // Who starts the tests in the background has them ignore Ctrl-C, and what they start.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", Path.Combine(AppContext.BaseDirectory, "understudy.dll"), .. arguments])
        {
            WorkingDirectory = home, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["XDG_RUNTIME_DIR"] = Directory.CreateDirectory(SocketsIn(home)).FullName;
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return new CliProcess(home, process);
    }

    public static CliProcess Start(string home, params IReadOnlyList<string> arguments) => Start(home, new Dictionary<string, string?>(), arguments);

    /// <summary>Waits for its end.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        await _reading;
        return _process.ExitCode;
    }

    /// <summary>Waits until it has printed a text, or ended.</summary>
    public async Task SaysAsync(string text)
    {
        while (true)
        {
            var more = _more.Task;
            if (Out.Contains(text, StringComparison.Ordinal)) return;
            if (_reading.IsCompleted) Assert.Fail($"it ended before it said '{text}':\n{Out}\n{Error}");
            await Task.WhenAny(more, _reading);
        }
    }

    public void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    static string SocketsIn(string home) => Path.Combine(home, "s");

    async Task ReadAsync(StreamReader from, StringBuilder to)
    {
        var buffer = new char[4096];
        for (int length; (length = await from.ReadAsync(buffer)) > 0;)
        {
            lock (to) to.Append(buffer, 0, length);
            Interlocked.Exchange(ref _more, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        }
    }
}
