using System.Globalization;
using Understudy.Boards;
using Understudy.Guest;
using Understudy.Verdict;

namespace Understudy.Runner.Suites;

/// <summary>Runs a test's executables in a booted guest.</summary>
sealed class GuestScripts(IMachine machine, RunDirectory directory, CellStorage storage, int seed, IReadOnlyList<PlannedModule> modules, Action armFaults) : ITestMachine
{
    const int TailLines = 20, Terminate = 15, Kill = 9, NotExecutable = 126, NotFound = 127;

    static readonly TimeSpan s_grace = TimeSpan.FromSeconds(5);

    public bool IsLost { get; private set; }

    public void ArmFaults() => armFaults();

    public async Task<ScriptResult> RunAsync(TestScript script, CancellationToken cancel)
    {
        using var stdout = new CappedFile(() => directory.CreateAttachment($"{script.Name}.out"));
        using var stderr = new CappedFile(() => directory.CreateAttachment($"{script.Name}.err"));
        var results = new SubResults();
        var process = await StartAsync(script, (stream, bytes) =>
        {
            (stream == CommandStream.Stdout ? stdout : stderr).Write(bytes);
            if (stream == CommandStream.Stdout) results.Read(bytes);
        }, cancel).ConfigureAwait(false);
        try
        {
            var ended = await EndAsync(process.Completion, script.Limit, cancel).ConfigureAwait(false);
            return Result(Entered(script, ended)) with { Results = results.End() };
        }
        catch (GuestException refused)
        {
            // It is there, for it was brought: what is missing is what it is to be run by.
            var hint = refused.Message.EndsWith("No such file or directory", StringComparison.Ordinal) ? "; the interpreter of its first line, or the loader it was linked for, is not in the guest" : "";
            throw new TestErrorException($"'{script.Name}' cannot be run in the guest: {refused.Message}{hint}");
        }
        catch (TimeoutException)
        {
            // Asked before the kill: afterwards nobody can tell what it hung on.
            var doing = await StateOfTasks.ReadAsync(machine, cancel).ConfigureAwait(false);
            var killed = await KillAsync(process, cancel).ConfigureAwait(false);
            return (killed is null ? new ScriptResult(null, Kill, "", []) : Result(killed)) with { Overran = doing, Results = killed is null ? [] : results.End() };
        }
    }

    // Nobody asks a guest twice to stop filling the disk: it gets no further.
    async Task<CommandResult> EndAsync(Task<CommandResult> completion, TimeSpan limit, CancellationToken cancel)
    {
        var inTime = completion.WaitAsync(limit, cancel);
        if (await Task.WhenAny(inTime, storage.Overflow).ConfigureAwait(false) is not Task<string> { IsCompletedSuccessfully: true } overflow) return await inTime.ConfigureAwait(false);
        IsLost = true;
        throw new TestErrorException(await overflow.ConfigureAwait(false));
    }

    // In the disk's own system its shell starts the script: these are its words for what is not there or no program.
    CommandResult Entered(TestScript script, CommandResult ended) => storage.SystemRoot is null || ended.ExitCode is not (NotExecutable or NotFound) ? ended
        : throw new TestErrorException(string.Create(CultureInfo.InvariantCulture, $"'{script.Name}' cannot be run in the disk's system (exit code {ended.ExitCode}): {(Lines(ended.Stderr) is [.., var last] ? last : "it says nothing")}"));

    async Task<GuestProcess> StartAsync(TestScript script, OutputHandler onOutput, CancellationToken cancel)
    {
        var home = script.Path[..script.Path.LastIndexOf('/')];
        IReadOnlyList<string> program = storage.SystemRoot is not { } root ? [script.Path] : ["chroot", root, "/bin/sh", "-c", "cd \"$1\" && exec \"$2\"", "sh", home, script.Path];
        var options = new CommandOptions
        {
            Directory = home,
            OutputLimit = 64 << 10,
            Environment = new Dictionary<string, string>(modules.Select(module => KeyValuePair.Create(ParametersOf(module), module.Parameters)).DistinctBy(parameters => parameters.Key))
            {
                ["PATH"] = $"{CellPrograms.Directory}:/bin:/sbin:/usr/bin:/usr/sbin",
                ["UNDERSTUDY_SUITE"] = TestSequence.SuitePath,
                ["UNDERSTUDY_TEST"] = TestSequence.TestPath,
                ["UNDERSTUDY_SHARED"] = CellStorage.SharedPath,
                ["UNDERSTUDY_SEED"] = seed.ToString(CultureInfo.InvariantCulture),
            },
        };
        var process = await machine.Guest.StartAsync(program, options, onOutput, cancel).ConfigureAwait(false);
        try
        {
            await process.CloseInputAsync(cancel).ConfigureAwait(false);
        }
        catch (GuestException)
        {
            // It has ended before its input was closed, or was never started: its completion tells which.
            return process;
        }
        return process;
    }

    // What a script that loads a module again needs to know.
    static string ParametersOf(PlannedModule module) => "UNDERSTUDY_MODULE_" + string.Concat(Path.GetFileNameWithoutExtension(module.Name).Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));

    async Task<CommandResult?> KillAsync(GuestProcess process, CancellationToken cancel)
    {
        foreach (var signal in (int[])[Terminate, Kill])
        {
            try
            {
                await process.SignalAsync(signal, cancel).WaitAsync(s_grace, cancel).ConfigureAwait(false);
                return await process.Completion.WaitAsync(s_grace, cancel).ConfigureAwait(false);
            }
            catch (GuestException)
            {
                if (process.Completion.IsCompletedSuccessfully) return await process.Completion.ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // Not even killed: the next signal is stronger, and after the last one the guest counts as lost.
                continue;
            }
        }
        IsLost = true;
        return null;
    }

    static ScriptResult Result(CommandResult result)
    {
        var stdout = Lines(result.Stdout);
        return new ScriptResult(result.ExitCode, result.Signal, stdout.Count > 0 ? stdout[^1] : "", [.. stdout.TakeLast(TailLines), .. Lines(result.Stderr).TakeLast(TailLines)]);
    }

    static IReadOnlyList<string> Lines(string text)
        => [.. text.Split('\n').Select(line => string.Concat(line.Where(c => !char.IsControl(c))).Trim()).Where(line => line.Length > 0)];
}
