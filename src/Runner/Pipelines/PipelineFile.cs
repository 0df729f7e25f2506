using Understudy.Runner.Suites;
using Understudy.Toolchain;
using YamlDotNet.Core;

namespace Understudy.Runner.Pipelines;

/// <summary>Reads the file of a pipeline.</summary>
sealed class PipelineFile
{
    const string Description = "description", Axes = "axes", Phases = "phases";
    static readonly string[] s_keys = [Description, Axes, Phases];

    readonly string _file;
    readonly List<SuiteProblem> _problems = [];
    readonly List<PipelineAxis> _axes = [];
    readonly List<PipelinePhase> _phases = [];
    string _description = "";

    PipelineFile(string file) => _file = file;

    /// <exception cref="SuiteException">The file cannot be read, or says what cannot be.</exception>
    public static Pipeline Read(string file)
    {
        var reader = new PipelineFile(file);
        reader.Read();
        return reader._problems.Count > 0 ? throw new SuiteException(reader._problems)
            : new Pipeline(Path.GetFullPath(file), reader._description, reader._axes, reader._phases);
    }

    void Read()
    {
        try
        {
            var documents = YamlFile.Read(_file);
            if (documents.Count != 1) throw new SettingException(0, $"expected one document with {string.Join(", ", s_keys)}");
            var entries = new SettingValue(documents[0].RootNode, Path.GetDirectoryName(Path.GetFullPath(_file))!).Entries().ToList();
            // Steps name axes, wherever these stand.
            foreach (var (key, value) in entries.OrderBy(entry => Array.IndexOf(s_keys, entry.Key))) At(key, value.Line, () => Take(key, value));
            if (_phases.Count == 0 && _problems.Count == 0) throw new SettingException(0, $"expected {Phases}, such as 'build: [{{build: ../drivers/nic}}]'");
        }
        catch (YamlException wrong)
        {
            _problems.Add(new SuiteProblem(_file, (int)wrong.Start.Line, "", $"this is not YAML: {wrong.Message}"));
        }
        catch (Exception wrong) when (wrong is SettingException or IOException or UnauthorizedAccessException)
        {
            _problems.Add(new SuiteProblem(_file, wrong is SettingException { Line: var line } ? line : 0, "", wrong.Message));
        }
    }

    // One wrong thing is told, and the next is looked for.
    void At(string key, int line, Action read)
    {
        try
        {
            read();
        }
        catch (Exception wrong) when (wrong is SettingException or FormatException or ToolchainException)
        {
            _problems.Add(new SuiteProblem(_file, wrong is SettingException { Line: > 0 and var at } ? at : line, key, wrong.Message));
        }
    }

    void Take(string key, SettingValue value)
    {
        switch (key)
        {
            case Description: _description = value.Text(); break;
            case Axes:
                foreach (var (name, values) in value.Entries()) At($"{Axes}.{name}", values.Line, () => _axes.Add(Axis(name, values)));
                break;
            case Phases:
                foreach (var (name, steps) in value.Entries()) At($"{Phases}.{name}", steps.Line, () => _phases.Add(Phase(name, steps)));
                break;
            default: throw new FormatException(Unknown("key", key, s_keys));
        }
    }

    internal static string Unknown(string what, string word, IReadOnlyCollection<string> known)
        => known.Count == 0 ? $"there is no {what} '{word}'" : $"there is no {what} '{word}'; did you mean '{Nearest.To(word, known)[0]}'? There is {string.Join(", ", known)}";

    PipelinePhase Phase(string name, SettingValue steps)
    {
        Name("phase", name, steps.Line);
        var read = new List<PipelineStep>();
        foreach (var step in steps.Elements()) At($"{Phases}.{name}", step.Line, () => read.Add(PipelineStepReader.Read(step, _axes)));
        if (read.Count == 0 && _problems.Count == 0) throw steps.Expected("steps, each with one of " + PipelineStepReader.Kinds);
        return read.GroupBy(step => step.Name).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new SettingException(steps.Line, $"two steps are called '{twice.Key}'; give one a name: of its own")
            : new PipelinePhase(name, read);
    }

    /// <summary>What stands in selectors and in names of directories has only what can.</summary>
    internal static string Name(string what, string name, int line)
        => name.Length is > 0 and <= 60 && char.IsAsciiLetterOrDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is ' ' or '-' or '_' or '.') ? name
            : throw new SettingException(line, $"'{name}' is no name of a {what}: expected a letter or digit, then letters, digits, spaces, '-', '_' and '.', up to 60");

    static PipelineAxis Axis(string name, SettingValue values)
    {
        Name("axis", name, values.Line);
        if (name is CellSelector.Phase or CellSelector.Step or PipelineAxes.Kernels or PipelineAxes.Cpus) throw new SettingException(values.Line, $"an axis cannot be called '{name}'{(name is PipelineAxes.Kernels or PipelineAxes.Cpus ? $"; did you mean '{(name == PipelineAxes.Cpus ? "vcpus" : "kernel")}'?" : ", which --cell chooses by as it is")}");
        var axis = new PipelineAxis(name, PipelineAxes.Read(name, values));
        if (axis.Values.Count == 0) throw values.Expected("at least one value");
        return axis.Values.GroupBy(value => value.Name).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new SettingException(values.Line, $"the value '{twice.Key}' is there twice") : axis;
    }
}
