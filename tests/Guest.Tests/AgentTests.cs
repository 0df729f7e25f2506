using System.Text;
using Understudy.Guest.Protocol;

namespace Understudy.Guest.Tests;

/// <summary>The real agent and the real client, without a machine in between.</summary>
public sealed class AgentTests : IAsyncLifetime
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("agent-files");
    readonly AgentProcess _process = new();
    GuestAgent? _agent;

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    GuestAgent Agent => _agent!;

    public async ValueTask InitializeAsync() => _agent = await _process.ConnectAsync(new()
    {
        OnDeviceCommand = command => Task.FromResult(new DeviceReply($"{command.Device} <{string.Join('|', command.Words)}>\n", command.Words.Count)),
    });

    public async ValueTask DisposeAsync()
    {
        await Agent.DisposeAsync();
        await _process.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task A_command_gives_stdout_stderr_and_its_exit_code()
    {
        var result = await Agent.ExecuteAsync(["sh", "-c", "echo out; echo err >&2; exit 7"], cancellation: Cancel);

        Assert.Equal((7, null, "out\n", "err\n"), (result.ExitCode, result.Signal, result.Stdout, result.Stderr));
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task A_command_that_a_signal_ends_says_which()
    {
        var result = await Agent.ExecuteAsync(["sh", "-c", "kill -TERM $$"], cancellation: Cancel);

        Assert.Equal((null, 15), (result.ExitCode, result.Signal));
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task Directory_variables_and_input_reach_the_command()
    {
        var result = await Agent.ExecuteAsync(["sh", "-c", "pwd; echo $WHO; cat"], new()
        {
            Directory = "/usr", Environment = new Dictionary<string, string> { ["WHO"] = "me" }, Input = "typed"u8.ToArray(),
        }, cancellation: Cancel);

        Assert.Equal("/usr\nme\ntyped", result.Stdout);
    }

    [Theory(Timeout = Limits.Hang)]
    [InlineData("/no/such/program", null, 2, "cannot run /no/such/program")]
    [InlineData("/etc/passwd", null, 13, "cannot run /etc/passwd")]
    [InlineData("true", "/no/such/place", 2, "cannot enter /no/such/place")]
    public async Task A_command_that_cannot_start_is_an_error_with_the_reason(string program, string? directory, int errno, string reason)
    {
        var failure = await Assert.ThrowsAsync<GuestException>(() => Agent.ExecuteAsync([program], new() { Directory = directory }, cancellation: Cancel));

        Assert.Equal(errno, failure.Errno);
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task Many_commands_run_at_once_and_none_sees_another()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 40).Select(i =>
            Agent.ExecuteAsync(["sh", "-c", $"read line; echo {i}:$line"], new() { Input = Encoding.ASCII.GetBytes($"in{i}\n") }, cancellation: Cancel)));

        Assert.Equal(Enumerable.Range(0, 40).Select(i => $"{i}:in{i}\n"), results.Select(result => result.Stdout));
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task More_commands_than_the_agent_takes_are_refused_not_lost()
    {
        var processes = new List<GuestProcess>();
        for (var i = 0; i < 70; i++) processes.Add(await Agent.StartAsync(["cat"], cancellation: Cancel));
        await Agent.PingAsync(Cancel);
        foreach (var process in processes.Where(process => !process.Completion.IsCompleted)) await process.CloseInputAsync(Cancel);
        var outcomes = new List<Exception?>();
        foreach (var process in processes) outcomes.Add(await Record.ExceptionAsync(() => process.Completion));

        Assert.Equal(64, outcomes.Count(outcome => outcome is null));
        Assert.Equal(6, outcomes.Count(outcome => outcome is GuestException { Errno: 11 }));
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task A_kill_reaches_what_the_command_started()
    {
        var ready = new TaskCompletionSource<string>();
        var process = await Agent.StartAsync(["sh", "-c", "sleep 1000 & echo $!; wait"],
            onOutput: (_, bytes) => ready.TrySetResult(Encoding.ASCII.GetString(bytes).Trim()), cancellation: Cancel);
        var child = await ready.Task;
        await process.SignalAsync(9, Cancel);

        Assert.Equal(9, (await process.Completion).Signal);
        // Dying takes a moment; a child that lives on keeps this waiting until the test's limit.
        await Agent.ExecuteAsync(["sh", "-c", $"while grep -q '^State:.[RS]' /proc/{child}/status 2>/dev/null; do :; done"], cancellation: Cancel);
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task A_signal_to_a_command_that_is_over_is_an_error()
    {
        var process = await Agent.StartAsync(["true"], cancellation: Cancel);
        await process.Completion;

        Assert.Equal(3, (await Assert.ThrowsAsync<GuestException>(() => process.SignalAsync(9, Cancel))).Errno);
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task A_command_ends_although_something_it_started_holds_its_output()
    {
        var result = await Agent.ExecuteAsync(["sh", "-c", "sleep 1000 & echo $!"], cancellation: Cancel);
        await Agent.ExecuteAsync(["kill", result.Stdout.Trim()], cancellation: Cancel);

        Assert.Equal(0, result.ExitCode);
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task Much_input_and_output_go_through_a_command_unharmed()
    {
        var input = new byte[3_000_000];
        new Random(7).NextBytes(input);
        var output = new MemoryStream();
        await Agent.ExecuteAsync(["cat"], new() { Input = input }, (_, bytes) => output.Write(bytes), Cancel);

        Assert.True(output.ToArray().AsSpan().SequenceEqual(input));
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task A_command_that_does_not_read_its_input_does_not_hold_up_the_agent()
    {
        var process = await Agent.StartAsync(["sleep", "1000"], cancellation: Cancel);
        var writing = process.WriteAsync(new byte[1_000_000], Cancel);
        await Agent.PingAsync(Cancel);
        await process.SignalAsync(9, Cancel);

        await Assert.ThrowsAsync<GuestException>(() => writing);
        Assert.Equal(9, (await process.Completion).Signal);
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task Ten_megabytes_pushed_come_back_the_same_with_the_mode_asked_for()
    {
        var content = new byte[10 << 20];
        new Random(3).NextBytes(content);
        var path = $"{_folder.FullName}/new/folder/data";
        await Agent.PushAsync(path, content, (UnixFileMode)0b111_000_000, Cancel);

        Assert.True((await Agent.PullAsync(path, Cancel)).AsSpan().SequenceEqual(content));
        Assert.Equal((UnixFileMode)0b111_000_000, File.GetUnixFileMode(path));
    }

    [Theory(Timeout = Limits.Hang)]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Frame.Chunk)]
    [InlineData(Frame.Chunk + 1)]
    public async Task A_file_of_any_size_replaces_a_longer_one(int size)
    {
        var path = $"{_folder.FullName}/data";
        await File.WriteAllBytesAsync(path, new byte[200_000], Cancel);
        var content = new byte[size];
        new Random(size).NextBytes(content);
        await Agent.PushAsync(path, content, cancellation: Cancel);

        Assert.Equal(content, await File.ReadAllBytesAsync(path, Cancel));
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task A_file_that_cannot_be_read_or_written_is_an_error_with_the_reason()
    {
        Assert.Contains("cannot open /no/such/file: No such file", (await Assert.ThrowsAsync<GuestException>(
            () => Agent.PullAsync("/no/such/file", Cancel))).Message, StringComparison.Ordinal);
        Assert.Equal(21, (await Assert.ThrowsAsync<GuestException>(() => Agent.PushAsync(_folder.FullName, new byte[3], cancellation: Cancel))).Errno);
        Assert.Equal(21, (await Assert.ThrowsAsync<GuestException>(() => Agent.PullAsync(_folder.FullName, Cancel))).Errno);
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task A_pipe_that_nobody_reads_keeps_only_its_own_push_waiting()
    {
        var path = $"{_folder.FullName}/pipe";
        await Agent.ExecuteAsync(["mkfifo", path], cancellation: Cancel);
        var pushing = Agent.PushAsync(path, "into the pipe"u8.ToArray(), cancellation: Cancel);
        await Agent.PingAsync(Cancel);
        Assert.False(pushing.IsCompleted);

        Assert.Equal("into the pipe", (await Agent.ExecuteAsync(["cat", path], cancellation: Cancel)).Stdout);
        await pushing;
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task Files_that_do_not_know_their_length_are_pulled_whole() =>
        Assert.StartsWith("Linux version", Encoding.ASCII.GetString(await Agent.PullAsync("/proc/version", Cancel)), StringComparison.Ordinal);

    [Fact(Timeout = Limits.Hang)]
    public async Task A_cancelled_pull_leaves_the_agent_well()
    {
        var endless = Agent.PullAsync("/dev/zero", Stream.Null, limit: 50_000_000, Cancel);

        await Assert.ThrowsAsync<IOException>(() => endless);
        await Agent.PingAsync(Cancel);
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task A_shell_has_a_terminal_of_the_size_it_was_given()
    {
        var screen = new StringBuilder();
        var answered = new SemaphoreSlim(0);
        var process = await Agent.StartAsync(["sh"], new() { Terminal = (33, 99), Environment = new Dictionary<string, string> { ["PS1"] = "" } }, (_, bytes) =>
        {
            screen.Append(Encoding.UTF8.GetString(bytes));
            if (screen.ToString().Contains("size=33 99", StringComparison.Ordinal)) answered.Release();
        }, Cancel);
        await process.WriteAsync("echo size=$(stty size); tty\n"u8.ToArray(), Cancel);
        await answered.WaitAsync(Cancel);
        await process.ResizeAsync(50, 132, Cancel);
        await process.WriteAsync("echo size=$(stty size); exit 3\n"u8.ToArray(), Cancel);
        var result = await process.Completion;

        Assert.Equal(3, result.ExitCode);
        Assert.Contains("size=50 132", result.Stdout, StringComparison.Ordinal);
        Assert.Contains("/dev/pts/", result.Stdout, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task The_end_of_input_ends_a_shell_on_a_terminal()
    {
        var process = await Agent.StartAsync(["sh"], new() { Terminal = (24, 80) }, cancellation: Cancel);
        await process.CloseInputAsync(Cancel);

        Assert.Equal(0, (await process.Completion).ExitCode);
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task A_device_command_reaches_the_host_and_its_answer_comes_back()
    {
        var result = await Agent.ExecuteAsync([AgentProcess.Executable, "device", "nic", "unplug", "two words", ""], cancellation: Cancel);

        Assert.Equal((3, "nic <unplug|two words|>\n"), (result.ExitCode, result.Stdout));
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task A_path_that_exists_is_not_waited_for() =>
        Assert.Equal("/dev/null", await Agent.WaitForPathAsync("/dev/nul?", Cancel));

    [Fact(Timeout = Limits.Hang)]
    public async Task A_wait_can_be_cancelled()
    {
        using var stop = new CancellationTokenSource();
        var waiting = Agent.WaitForPathAsync("/no/such/path", stop.Token);
        await Agent.PingAsync(Cancel);
        Assert.False(waiting.IsCompleted);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Agent.PingAsync(Cancel);
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task A_module_that_is_not_there_is_an_error_that_says_so()
    {
        var failure = await Assert.ThrowsAsync<GuestException>(() => Agent.LoadModuleAsync("no_such_module", cancellation: Cancel));

        Assert.Equal(2, failure.Errno);
        Assert.Contains("no module no_such_module", failure.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task A_module_request_that_hangs_holds_up_nobody_and_can_be_given_up()
    {
        var path = $"{_folder.FullName}/hangs.ko";
        await Agent.ExecuteAsync(["mkfifo", path], cancellation: Cancel);
        using var stop = new CancellationTokenSource();
        var loading = Agent.LoadModuleAsync(path, cancellation: stop.Token);
        await Agent.PingAsync(Cancel);
        Assert.False(loading.IsCompleted);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => loading);
        await Agent.PingAsync(Cancel);
    }

    [Fact(Timeout = Limits.Hang)]
    public async Task An_agent_that_is_not_init_does_not_power_off() =>
        Assert.Equal(1, (await Assert.ThrowsAsync<GuestException>(() => Agent.PowerOffAsync(Cancel))).Errno);

    [Fact(Timeout = Limits.Hang)]
    public async Task A_heartbeat_comes_by_itself()
    {
        while (Agent.LastHeartbeat is null) await Agent.ExecuteAsync(["sleep", "0.1"], cancellation: Cancel);

        Assert.InRange(Agent.LastHeartbeat.Uptime, TimeSpan.FromTicks(1), TimeSpan.FromDays(10_000));
    }
}
