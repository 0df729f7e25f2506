using System.Globalization;
using System.IO.Enumeration;
using System.Security.Cryptography;
using Understudy.Verdict;

namespace Understudy.Runner.Pipelines;

/// <summary>Puts together what earlier steps left.</summary>
static class Artefacts
{
    const string Sums = "SHA256SUMS";

    /// <summary>Copies the files that fit the step's patterns, each into a directory named after its cell, and writes their checksums.</summary>
    public static CellVerdict Collect(CellTask task)
    {
        if (task.Before.Count == 0) return new CellVerdict(Outcome.Skip, "no earlier step is part of this run, so that there is nothing to put together");
        Directory.CreateDirectory(task.Directory);
        var sums = new List<string>();
        foreach (var pattern in task.Cell.Step.What)
        {
            var found = task.Before.Where(result => result.Directory is not null && Directory.Exists(result.Directory))
                .SelectMany(result => Directory.EnumerateFiles(result.Directory!).Where(file => FileSystemName.MatchesSimpleExpression(pattern, Path.GetFileName(file), ignoreCase: false)).Order(StringComparer.Ordinal), (result, file) => (result, file)).ToList();
            if (found.Count == 0) return new CellVerdict(Outcome.Fail, $"no step before it left a file that fits '{pattern}'");
            foreach (var (result, file) in found) sums.Add(Copy(result, file, task.Directory));
        }
        File.WriteAllLines(Path.Combine(task.Directory, Sums), sums.Distinct());
        return new CellVerdict(Outcome.Pass, string.Create(CultureInfo.InvariantCulture, $"{sums.Distinct().Count()} files, with {Sums}")) { Page = Sums };
    }

    static string Copy(PipelineResult from, string file, string directory)
    {
        var name = Path.Combine(Path.GetFileName(from.Directory!), Path.GetFileName(file));
        var target = Path.Combine(directory, name);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Copy(file, target, overwrite: true);
        using var stream = File.OpenRead(target);
        return $"{Convert.ToHexStringLower(SHA256.HashData(stream))}  {name}";
    }
}
