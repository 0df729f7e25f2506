using Understudy.Verdict;

namespace Understudy.Cli;

/// <summary>The run directory a verb is about.</summary>
static class RunArgument
{
    /// <summary>Reads it.</summary>
    /// <exception cref="UsageException">There is none; the message says what would be right.</exception>
    public static RunRecord Load(string? path, string verb)
    {
        if (path is null) throw new UsageException($"name a run directory: understudy {verb} RUN");
        if (!Directory.Exists(path)) throw new UsageException($"there is no directory {path}: name a run directory, one with a run.json in it");
        try
        {
            return RunRecord.Load(path);
        }
        catch (InvalidDataException wrong)
        {
            var inside = RunSummary.Read(path).Runs.Select(run => Path.Combine(path, run.Folder)).Take(5).ToList();
            throw new UsageException(inside.Count == 0 ? wrong.Message : $"{wrong.Message}. There are runs below it: {string.Join(", ", inside)}{(inside.Count == 5 ? ", ..." : "")}");
        }
    }
}
