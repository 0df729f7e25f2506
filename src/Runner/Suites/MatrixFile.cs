using System.Globalization;
using Understudy.Boards;
using Understudy.Toolchain;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Understudy.Runner.Suites;

/// <summary>Reads <c>matrix.yaml</c>: axes, whose values are all combined, and what is added to that and taken from it.</summary>
public sealed class MatrixFile
{
    const string Kernels = "kernels", Boards = "boards", Devices = "devices", Cpus = "cpus", Memory = "memory", ModuleParameters = "module-parameters", Include = "include", Exclude = "exclude";
    static readonly string[] s_axes = [Kernels, Boards, Devices, Cpus, Memory];
    static readonly string[] s_keys = [.. s_axes, ModuleParameters, Include, Exclude];

    readonly string _file;
    readonly List<(string Name, List<string> Values)> _axes = [];
    readonly HashSet<string> _modules = [];

    MatrixFile(string file) => _file = Path.GetFullPath(file);

    /// <summary>The points of a matrix, in the order of its axes.</summary>
    /// <exception cref="SuiteException">The file cannot be read, or says what cannot be; nothing was run.</exception>
    public static IReadOnlyList<MatrixPoint> Read(string file)
    {
        var (key, line) = ("", 0);
        try
        {
            var documents = YamlFile.Read(file);
            if (documents.Count != 1) throw new SettingException(0, "expected one document with axes such as 'kernels: [debian:6.1, debian:6.12]'");
            var entries = new SettingValue(documents[0].RootNode, Path.GetDirectoryName(Path.GetFullPath(file))!).Entries().ToList();
            var matrix = new MatrixFile(file);
            foreach (var entry in entries.OrderBy(entry => Array.IndexOf(s_keys, entry.Key) is >= 0 and var index ? index : -1))
            {
                (key, line) = (entry.Key, entry.Value.Line);
                matrix.Take(entry.Key, entry.Value);
            }
            (key, line) = ("", 0);
            return matrix.Points(entries);
        }
        catch (Exception wrong) when (wrong is YamlException or SettingException or FormatException or ToolchainException or IOException or UnauthorizedAccessException)
        {
            var at = wrong switch { YamlException yaml => (int)yaml.Start.Line, SettingException { Line: > 0 } setting => setting.Line, _ => line };
            throw new SuiteException([new SuiteProblem(file, at, wrong is YamlException ? "" : key, wrong is YamlException ? $"this is not YAML: {wrong.Message}" : wrong.Message)]);
        }
    }

    void Take(string key, SettingValue value)
    {
        switch (key)
        {
            case Kernels: Add(key, value, text => text); break;
            case Boards: Add(key, value, text => BoardCatalog.Find(text).Name); break;
            case Devices: Add(key, value, text => { PlannedDevice.Parse(text); return text; }); break;
            case Cpus: Add(key, value, text => new SettingValue(new YamlScalarNode(text), "").Number(1, 64).ToString(CultureInfo.InvariantCulture)); break;
            case Memory: Add(key, value, text => { new SettingValue(new YamlScalarNode(text), "").Mebibytes(); return text; }); break;
            case ModuleParameters:
                foreach (var (module, parameters) in value.Entries())
                {
                    _modules.Add(module);
                    Add(module, parameters, text => text);
                }
                break;
            case Include or Exclude: break;
            default: throw new FormatException($"there is no such axis; did you mean '{Nearest.To(key, s_keys)[0]}'? There is {string.Join(", ", s_keys)}");
        }
    }

    void Add(string axis, SettingValue value, Func<string, string> check)
    {
        var values = value.List(text => Told(text, check)).Distinct().ToList();
        if (values.Count == 0) throw new SettingException(value.Line, "expected at least one value");
        if (_axes.Exists(other => other.Name == axis)) throw new SettingException(value.Line, $"the axis {axis} is there twice");
        _axes.Add((axis, values));
    }

    // A value is checked as a key of test.yaml is, and told with the line it stands in here.
    static string Told(string text, Func<string, string> check)
    {
        try
        {
            return check(text);
        }
        catch (SettingException wrong)
        {
            throw new FormatException(wrong.Message);
        }
    }

    List<MatrixPoint> Points(List<(string Key, SettingValue Value)> entries)
    {
        var combined = _axes.Aggregate<(string Name, List<string> Values), IEnumerable<Dictionary<string, string>>>([[]], (points, axis) =>
            points.SelectMany(point => axis.Values.Select(value => new Dictionary<string, string>(point) { [axis.Name] = value }))).ToList();
        if (_axes.Count == 0) combined.Clear();
        foreach (var (_, value) in entries.Where(entry => entry.Key == Exclude))
            foreach (var (pattern, line) in Maps(value))
                if (combined.RemoveAll(point => pattern.All(pair => point.TryGetValue(pair.Key, out var has) && has == pair.Value)) == 0)
                    throw new SettingException(line, $"exclude: {string.Join(", ", pattern.Select(pair => $"{pair.Key}: {pair.Value}"))} takes nothing away; a value must be written as it is in its axis");
        foreach (var (_, value) in entries.Where(entry => entry.Key == Include))
            combined.AddRange(Maps(value).Select(map => map.Map));
        if (combined.Count == 0) throw new FormatException("nothing is left of the matrix: give it an axis such as 'kernels: [debian:6.1, debian:6.12]', or exclude less");
        var named = combined.Select(point => Point(point, combined)).ToList();
        return named.GroupBy(point => point.Name).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new FormatException($"the cell {twice.Key} is there twice: what is included is in the axes already")
            : named;
    }

    IEnumerable<(Dictionary<string, string> Map, int Line)> Maps(SettingValue value)
    {
        foreach (var item in value.Elements())
        {
            var map = new Dictionary<string, string>();
            foreach (var (key, one) in item.Entries())
            {
                if (!_modules.Contains(key) && !s_axes.Contains(key))
                    throw new SettingException(one.Line, $"there is no axis '{key}'; did you mean '{Nearest.To(key, [.. s_axes, .. _modules])[0]}'?");
                map[key] = one.Text();
            }
            yield return (map, item.Line);
        }
    }

    MatrixPoint Point(Dictionary<string, string> point, List<Dictionary<string, string>> all)
    {
        var board = point.TryGetValue(Boards, out var named) ? BoardCatalog.Find(named).Name : BoardCatalog.Default;
        var kernel = point.GetValueOrDefault(Kernels) ?? BoardCatalog.Find(board).Kernel;
        var device = point.TryGetValue(Devices, out var text) ? PlannedDevice.Parse(text) : null;
        // Only what tells points apart is in their names; the kernel always is.
        var telling = point.Where(pair => pair.Key != Kernels && all.Exists(other => other.GetValueOrDefault(pair.Key) != pair.Value))
            .Select(pair => pair.Key switch
            {
                Boards => board,
                Devices => $"{device!.Name}={device.Entry.Name}",
                _ => $"{pair.Key}={pair.Value}",
            });
        return new MatrixPoint(string.Join(',', telling.Prepend(kernel)), _file, kernel, board)
        {
            Devices = device is null ? [] : [device],
            Cpus = point.TryGetValue(Cpus, out var cpus) ? new SettingValue(new YamlScalarNode(cpus), "").Number(1, 64) : null,
            MemoryMebibytes = point.TryGetValue(Memory, out var memory) ? new SettingValue(new YamlScalarNode(memory), "").Mebibytes() : null,
            ModuleParameters = point.Where(pair => _modules.Contains(pair.Key)).ToDictionary(pair => pair.Key, pair => pair.Value),
        };
    }
}
