using System.Globalization;
using System.Text.RegularExpressions;
using Understudy.Runner.Suites;
using Understudy.Toolchain;

namespace Understudy.Runner.Sweeps;

/// <summary>The sweep's own examination: a driver with bugs planted in it, listed in <c>planted</c> beside the test's suite, a line each:
/// <c>NUMBER NAME = PATTERN</c>, where the pattern fits <c>KIND: TITLE</c> of what must be found. <c>#</c> begins a remark.</summary>
public static partial class PlantedBugs
{
    const string Name = "planted";

    /// <summary>Reads the table of a test's suite.</summary>
    /// <exception cref="FormatException">There is none, or a line is wrong.</exception>
    public static IReadOnlyList<PlantedBug> Read(DirectoryTest test)
    {
        var file = Path.Combine(test.SuiteDirectory, Name);
        if (!File.Exists(file)) throw new FormatException($"--planted needs the table of planted bugs, and there is no {file}");
        return [.. File.ReadLines(file).Select((line, index) => (Line: line.Split('#')[0].Trim(), Number: index + 1)).Where(line => line.Line.Length > 0).Select(line => Parse(line.Line, file, line.Number))];
    }

    /// <summary>Sweeps the driver without a bug to the end, then with each until it is found.</summary>
    public static async Task<IReadOnlyList<PlantedResult>> SweepAsync(Toolbox toolbox, SweepRequest request, IReadOnlyList<PlantedBug> bugs, ISweepObserver observer, CancellationToken cancel = default)
    {
        var results = new List<PlantedResult>();
        foreach (var bug in bugs.Cast<PlantedBug?>().Append(null))
        {
            if (cancel.IsCancellationRequested) break;
            observer.Says(bug is null ? "the driver without a bug" : string.Create(CultureInfo.InvariantCulture, $"bug {bug.Number}: {bug.Name}"));
            results.Add(await SweepAsync(toolbox, request, bug, observer, cancel).ConfigureAwait(false));
        }
        return results;
    }

    static async Task<PlantedResult> SweepAsync(Toolbox toolbox, SweepRequest request, PlantedBug? bug, ISweepObserver observer, CancellationToken cancel)
    {
        var number = (bug?.Number ?? 0).ToString(CultureInfo.InvariantCulture);
        var parameters = $"bug={number}";
        var one = request with
        {
            Test = (DirectoryTest)(request.Test with { Settings = request.Test.Settings.WithParameters(parameters) }),
            Output = Path.Combine(request.Output, bug is null ? "clean" : $"bug-{number}"), Command = $"{request.Command} --parameters '{parameters}'",
            Until = bug is null ? null : bug.Shows,
        };
        var summary = await SweepRun.PlayAsync(toolbox, one, observer, cancel).ConfigureAwait(false);
        var shown = summary.Reference.Concat(summary.Remarks).Select(finding => (Finding: finding, By: "without any fault")).Concat(summary.Groups.Select(group => (group.Finding, By: $"by {group.Smallest.Rule}"))).ToList();
        var found = shown.FindIndex(finding => bug is null || bug.Shows(finding.Finding));
        return found >= 0 ? new PlantedResult(bug, true, $"{shown[found].Finding.Title}, {shown[found].By}", summary.Seconds)
            : new PlantedResult(bug, false, string.Create(CultureInfo.InvariantCulture, $"{summary.Played} faults, {(shown.Count == 0 ? "nothing found" : $"found only {string.Join("; ", shown.Select(finding => finding.Finding.Title))}")}"), summary.Seconds);
    }

    static bool Shows(this PlantedBug bug, SweepFinding finding) => bug.Finding.IsMatch($"{finding.Kind}: {finding.Title}");

    static PlantedBug Parse(string line, string file, int number)
    {
        var parts = Line().Match(line);
        if (!parts.Success) throw new FormatException($"{file}:{number}: expected 'NUMBER NAME = PATTERN', not '{line}'");
        try
        {
            return new PlantedBug(int.Parse(parts.Groups["number"].Value, CultureInfo.InvariantCulture), parts.Groups["name"].Value, new Regex(parts.Groups["pattern"].Value, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1)));
        }
        catch (ArgumentException wrong)
        {
            throw new FormatException($"{file}:{number}: the pattern is no regular expression: {wrong.Message}");
        }
    }

    [GeneratedRegex(@"^(?<number>\d{1,6}) +(?<name>[^=]*[^= ]) *= *(?<pattern>.+)$")]
    private static partial Regex Line();
}
