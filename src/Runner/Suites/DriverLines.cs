using System.Text.Json;
using Understudy.Build;
using Understudy.Guest;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Runner.Suites;

/// <summary>Fetches from a guest which lines of drivers ran.</summary>
/// <param name="toolbox">Where gcov comes from.</param>
/// <param name="drivers">The drivers.</param>
public sealed class DriverLines(Toolbox toolbox, IReadOnlyList<CountedSources> drivers)
{
    const string Counters = "/sys/kernel/debug/gcov";

    /// <summary>All that ran since the guest booted, also in modules that are gone again.</summary>
    /// <param name="guest">The guest.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="GuestException">It does not let itself be asked.</exception>
    /// <exception cref="ToolchainException">What it said cannot be read.</exception>
    public async Task<LineCoverage> FetchAsync(GuestAgent guest, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(guest);
        var gcov = new Gcov(toolbox);
        var sources = new List<CoveredSource>();
        var found = await guest.ExecuteAsync(["find", Counters, "-name", "*.gcda"], cancellation: cancel).ConfigureAwait(false);
        foreach (var path in found.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            foreach (var driver in drivers)
                if (driver.NotesFor(path) is { } notes)
                {
                    var json = await gcov.ReadAsync(notes, await guest.PullAsync(path, cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);
                    sources.AddRange(Read(json, driver.PathOf));
                }
        return LineCoverage.Of(sources);
    }

    /// <summary>Reads what gcov prints: of several functions on one line, and of one line in several, each is counted.</summary>
    internal static IEnumerable<CoveredSource> Read(string json, Func<string, string?> pathOf)
    {
        using var document = JsonDocument.Parse(json);
        var sources = new List<CoveredSource>();
        foreach (var file in document.RootElement.GetProperty("files").EnumerateArray())
        {
            if (pathOf(file.GetProperty("file").GetString()!) is not { } path) continue;
            var (lines, functions) = (new SortedDictionary<int, long>(), new SortedDictionary<string, (int, long)>(StringComparer.Ordinal));
            foreach (var line in file.GetProperty("lines").EnumerateArray())
            {
                var number = line.GetProperty("line_number").GetInt32();
                lines[number] = lines.GetValueOrDefault(number) + line.GetProperty("count").GetInt64();
            }
            foreach (var function in file.GetProperty("functions").EnumerateArray())
                functions[function.GetProperty("name").GetString()!] = (function.GetProperty("start_line").GetInt32(), function.GetProperty("execution_count").GetInt64());
            sources.Add(new CoveredSource(path, lines, functions));
        }
        return sources;
    }
}
