using System.Globalization;
using Understudy.Guest;

namespace Understudy.Testing;

/// <summary>The guest of a rig, as a test uses it. Everything it waits for ends with the test's time.</summary>
public sealed class RigGuest
{
    readonly CancellationToken _stop;

    internal RigGuest(GuestAgent agent, CancellationToken stop) => (Agent, _stop) = (agent, stop);

    /// <summary>The agent in the guest, for what is not here: files, terminals, processes that go on.</summary>
    public GuestAgent Agent { get; }

    /// <summary>Runs a shell script that must succeed.</summary>
    /// <param name="script">For <c>sh -c</c>; busybox is there, and <c>device NAME WORDS...</c>.</param>
    /// <returns>What it printed on standard output, without white space at its ends.</returns>
    /// <exception cref="DriverFailedException">It did not; shows what it printed.</exception>
    public async Task<string> Run(string script)
    {
        var result = await Try(script).ConfigureAwait(false);
        if (result.Succeeded) return result.Stdout.Trim();
        var how = result.ExitCode is { } code ? string.Create(CultureInfo.InvariantCulture, $"exit code {code}") : string.Create(CultureInfo.InvariantCulture, $"signal {result.Signal}");
        throw new DriverFailedException(string.Join('\n', new[] { $"'{script}' ended in {how}", result.Stdout.Trim(), result.Stderr.Trim() }.Where(part => part.Length > 0)));
    }

    /// <summary>Runs a shell script that may fail.</summary>
    public Task<CommandResult> Try(string script) => Agent.ExecuteAsync(["sh", "-c", script], cancellation: _stop);

    /// <summary>Waits until a path of sysfs or /dev is there.</summary>
    /// <param name="path">With shell patterns: <c>/sys/class/net/eth*</c>.</param>
    /// <param name="within">Host time it may take; 20 s unless told.</param>
    /// <returns>The first that fits.</returns>
    /// <exception cref="DriverFailedException">It did not appear.</exception>
    public async Task<string> WaitFor(string path, TimeSpan? within = null)
    {
        var limit = within ?? Durations.Patience;
        try
        {
            return await Agent.WaitForPathAsync(path, _stop).WaitAsync(limit, _stop).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new DriverFailedException($"no {path} appeared within {limit.InWords()}");
        }
    }
}
