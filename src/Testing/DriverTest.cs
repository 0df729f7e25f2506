using System.Globalization;
using Understudy.Boards;
using Understudy.Guest;
using Understudy.Runner;
using Understudy.Runner.Suites;
using Xunit;

namespace Understudy.Testing;

/// <summary>One run of a driver test: around its method, the steps that every test has, written in whatever language.</summary>
sealed class DriverTest
{
    // A method that is asked to stop gets so long before it is left behind.
    static readonly TimeSpan s_grace = TimeSpan.FromSeconds(3);

    static readonly AsyncLocal<DriverTest?> s_current = new();

    readonly TestRun _run;
    readonly string _kernel;
    readonly CancellationTokenSource _stop;
    readonly TaskCompletionSource<Exception?> _method = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly TaskCompletionSource<Task> _step = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int _rigs;

    DriverTest(TestRun run, string kernel, CancellationToken cancel)
    {
        (_run, _kernel) = (run, kernel);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
    }

    /// <summary>The driver test that the calling method is, or is called by.</summary>
    /// <exception cref="InvalidOperationException">It is none.</exception>
    public static DriverTest Current => s_current.Value
        ?? throw new InvalidOperationException($"A rig is started by a test that has [{nameof(DriverTestAttribute)[..^9]}] in front of it, in its own method or what that calls.");

    /// <summary>The run it leaves.</summary>
    public TestRun Run => _run;

    /// <summary>Asks the method to stop: its time is over, or its guest is gone.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>Runs a test.</summary>
    /// <param name="test">The test, on its kernel.</param>
    /// <param name="method">Runs its method; gives what that threw.</param>
    /// <param name="cancel">Interrupts it.</param>
    /// <returns>What xUnit is to be told; null for a pass.</returns>
    public static async Task<Exception?> PlayAsync(DriverTestCase test, Func<Task<Exception?>> method, CancellationToken cancel)
    {
        var (plan, problem) = PlanOf(test);
        await using var run = TestRun.Begin(plan, TestVariables.RunDirectory(plan.Name), new OutputObserver(TestContext.Current.TestOutputHelper));
        var play = new DriverTest(run, test.Kernel, cancel);
        var thrown = problem is null && plan.Settings.CannotRun is null ? await play.MethodAsync(method).ConfigureAwait(false) : null;
        if (problem is not null) await run.Run.StepAsync("plan", _ => throw new TestErrorException(problem)).ConfigureAwait(false);
        else if (plan.Settings.CannotRun is { } reason) await run.Run.StepAsync("plan", _ => throw new StepSkippedException(reason)).ConfigureAwait(false);
        await run.ReadLogAsync(cancel).ConfigureAwait(false);
        var verdict = await run.ConcludeAsync().ConfigureAwait(false);
        return TestResult.Of(verdict, run.Run.Directory, thrown);
    }

    /// <summary>Brings the test's guest up, with devices in it.</summary>
    /// <returns>When the test may begin.</returns>
    /// <exception cref="NoRigException">It does not come up; the run knows why.</exception>
    public async Task StartAsync(Lab lab, IReadOnlyList<PlannedDevice> devices)
    {
        if (Interlocked.Increment(ref _rigs) > 1) throw new TestErrorException("a test has one guest: plug everything in before the rig is started, once");
        _run.Settings = _run.Settings with { Devices = [.. _run.Settings.Devices, .. devices] };
        if (_run.Settings.Devices.GroupBy(device => device.Name).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw new TestErrorException($"two devices are named '{twice.Key}': give one a name of its own");
        if (!await _run.PrepareAsync(stop => lab.OpenAsync(_kernel, stop), cancel: Stop).ConfigureAwait(false))
        {
            // The step that did not let it come up is all there is to judge.
            _step.SetResult(Task.CompletedTask);
            throw new NoRigException();
        }
        _step.SetResult(_run.Run.StepAsync("test", _ => WatchAsync()));
    }

    static (TestPlan Plan, string? Problem) PlanOf(DriverTestCase test)
    {
        var (settings, problem) = (new TestSettings(), (string?)null);
        try
        {
            settings = DriverTestDiscoverer.SettingsOf(test.TestMethod, test.Attribute);
        }
        catch (FormatException wrong)
        {
            problem = wrong.Message;
        }
        if (TestVariables.Time is { } time) settings = settings with { Time = time };
        var assembly = test.TestClass.Class.Assembly;
        var (suite, name) = (assembly.GetName().Name!, DriverTestDiscoverer.NameOf(test.TestMethod));
        var command = TestVariables.Command ?? string.Create(CultureInfo.InvariantCulture,
            $"understudy run {assembly.Location} --name {name} --kernel {test.Kernel}{(TestVariables.Board == BoardCatalog.Default ? "" : $" --board {TestVariables.Board}")} --seed {TestVariables.Seed}");
        var repeat = TestVariables.Repeat;
        return (new TestPlan($"{suite}/{name}", test.Kernel, settings, command)
        {
            Name = $"{suite}/{name}@{test.Kernel}{(repeat > 0 ? string.Create(CultureInfo.InvariantCulture, $"#{repeat}") : "")}",
            Seed = TestVariables.Seed, Repeat = repeat, Start = TestVariables.Start, Symbols = TestVariables.Symbols, DumpsMemory = TestVariables.DumpsMemory, Record = TestVariables.Record,
        }, problem);
    }

    // The method on one side, the step it is on the other: whichever ends first ends the other.
    async Task<Exception?> MethodAsync(Func<Task<Exception?>> method)
    {
        s_current.Value = this;
        var work = Task.Run(method, CancellationToken.None);
        await Task.WhenAny(work, StepOverAsync(), NoRigInTimeAsync()).ConfigureAwait(false);
        if (!work.IsCompleted)
        {
            await _stop.CancelAsync().ConfigureAwait(false);
            await Task.WhenAny(work, Task.Delay(s_grace, CancellationToken.None)).ConfigureAwait(false);
        }
        var thrown = work.IsCompleted ? await work.ConfigureAwait(false) : null;
        _method.TrySetResult(thrown);
        // Without a rig there is nothing to watch beside the method.
        if (!_step.Task.IsCompleted) _step.SetResult(_run.Run.StepAsync("test", _ => Task.Run(() => JudgeWithoutRig(work.IsCompleted, thrown))));
        await (await _step.Task.ConfigureAwait(false)).ConfigureAwait(false);
        await _stop.CancelAsync().ConfigureAwait(false);
        return thrown;
    }

    async Task StepOverAsync() => await (await _step.Task.ConfigureAwait(false)).ConfigureAwait(false);

    async Task NoRigInTimeAsync()
    {
        await Task.Delay(_run.Settings.Timeout, Stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_rigs > 0) await Task.Delay(Timeout.InfiniteTimeSpan, Stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    void JudgeWithoutRig(bool ended, Exception? thrown)
    {
        if (!ended) throw new TestErrorException($"it has neither ended nor started a rig in {_run.Settings.Timeout.InWords()}");
        Thrown.Judge(thrown, Stop);
        throw new TestErrorException("it has started no rig, and so tested no driver");
    }

    // What the method comes to, as the step's exception; or what ends it early.
    async Task WatchAsync()
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var (exit, limit) = (_run.Machine.Exit, Task.Delay(_run.Settings.Timeout, over.Token));
        await Task.WhenAny(_method.Task, exit, limit).ConfigureAwait(false);
        if (_method.Task.IsCompleted) Thrown.Judge(await _method.Task.ConfigureAwait(false), Stop);
        else if (exit.IsCompleted) throw new GuestLostException("the machine ended in the middle of the test");
        else if (limit.IsCanceled) throw new OperationCanceledException();
        else throw new StepFailedException($"still running after {_run.Settings.Timeout.InWords()}, and given up", await _run.DoingAsync().ConfigureAwait(false));
        await over.CancelAsync().ConfigureAwait(false);
    }

}
