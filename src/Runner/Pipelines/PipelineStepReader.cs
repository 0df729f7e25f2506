using Understudy.Runner.Suites;

namespace Understudy.Runner.Pipelines;

/// <summary>Reads one step of a pipeline's file.</summary>
static class PipelineStepReader
{
    static readonly Dictionary<string, StepKind> s_kinds = Enum.GetValues<StepKind>().ToDictionary(kind => kind.ToString().ToLowerInvariant());

    // What goes with which kinds; what is not here goes with all.
    static readonly Dictionary<string, StepKind[]> s_only = new()
    {
        ["tags"] = [StepKind.Suite], ["tests"] = [StepKind.Suite], ["allow"] = [StepKind.Checkpatch], ["devices"] = [StepKind.Package], ["timeout"] = [StepKind.Shell],
    };

    static readonly string[] s_keys = [.. s_kinds.Keys, "name", "over", "cover", "exclude", .. s_only.Keys];

    public static string Kinds => string.Join(", ", s_kinds.Keys);

    /// <exception cref="SettingException">Something is wrong; the message says what would be right.</exception>
    public static PipelineStep Read(SettingValue value, IReadOnlyList<PipelineAxis> axes)
    {
        var entries = value.Entries().ToList();
        foreach (var (key, of) in entries.Where(entry => !s_keys.Contains(entry.Key))) throw new SettingException(of.Line, PipelineFile.Unknown("key of a step", key, s_keys));
        if (entries.Where(entry => s_kinds.ContainsKey(entry.Key)).ToList() is not [var (word, what)]) throw new SettingException(value.Line, $"expected one of {Kinds} in each step, such as 'suite: ../suites/nic'");
        var kind = s_kinds[word];
        if (entries.FirstOrDefault(entry => s_only.TryGetValue(entry.Key, out var kinds) && !kinds.Contains(kind)) is { Key: { } foreign, Value: var at })
            throw new SettingException(at.Line, $"'{foreign}' goes with {string.Join(" and ", s_only[foreign].Select(only => only.ToString().ToLowerInvariant()))}, and this step is of kind {word}");
        var step = new PipelineStep(word, kind, What(kind, what));
        foreach (var (key, of) in entries.OrderBy(entry => entry.Key != "over")) step = Apply(step, key, of, axes);
        return Combinations.Of(step, full: true).Count > 0 ? step : throw new SettingException(value.Line, $"nothing is left of the step '{step.Name}': exclude less");
    }

    static PipelineStep Apply(PipelineStep step, string key, SettingValue value, IReadOnlyList<PipelineAxis> axes) => key switch
    {
        "name" => step with { Name = PipelineFile.Name("step", value.Text(), value.Line) },
        "over" => step with { Over = Over(value, axes) },
        "cover" => step with { CoversPairs = value.Text() switch { "pairs" => true, "all" => false, _ => throw value.Expected("'pairs' or 'all'") } },
        "exclude" => step with { Excluded = [.. value.Elements().Select(item => Excluded(item, step))] },
        "tags" => step with { Tags = value.Texts() },
        "tests" => step with { Tests = value.Texts() },
        "allow" => step with { Allowed = value.Texts() },
        "devices" => step with { Devices = value.List(PlannedDevice.Parse) },
        "timeout" => step with { Timeout = value.Duration() },
        _ => step,
    };

    static IReadOnlyList<string> What(StepKind kind, SettingValue value) => kind switch
    {
        StepKind.Shell => [value.Text().Trim() is { Length: > 0 } command ? command : throw value.Expected("a shell command")],
        StepKind.Artefacts => value.Texts().Count > 0 ? value.Texts() : throw value.Expected("patterns of file names, such as '*.ko'"),
        _ => value.List(text => Path.Exists(Path.GetFullPath(text, value.Directory)) ? Path.GetFullPath(text, value.Directory)
            : throw new FormatException($"there is nothing at {Path.GetFullPath(text, value.Directory)}; a path begins at the directory of this file")),
    };

    static IReadOnlyList<PipelineAxis> Over(SettingValue value, IReadOnlyList<PipelineAxis> axes) => [.. value.Texts().Distinct().Select(name => axes.FirstOrDefault(axis => axis.Name == name)
        ?? throw new SettingException(value.Line, PipelineFile.Unknown("axis", name, [.. axes.Select(axis => axis.Name)])))];

    static Dictionary<string, string> Excluded(SettingValue value, PipelineStep step)
    {
        var excluded = new Dictionary<string, string>();
        foreach (var (name, of) in value.Entries())
        {
            var axis = step.Over.FirstOrDefault(axis => axis.Name == name) ?? throw new SettingException(of.Line, PipelineFile.Unknown("axis of this step", name, [.. step.Over.Select(axis => axis.Name)]));
            var names = axis.Values.Select(known => known.Name).ToList();
            excluded[name] = names.Contains(of.Text()) ? of.Text() : throw new SettingException(of.Line, PipelineFile.Unknown(name, of.Text(), names));
        }
        return excluded.Count > 0 ? excluded : throw value.Expected("'AXIS: VALUE'");
    }
}
