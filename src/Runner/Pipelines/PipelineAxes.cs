using System.Globalization;
using Understudy.Boards;
using Understudy.Runner.Dkms;
using Understudy.Runner.Suites;
using Understudy.Toolchain;

namespace Understudy.Runner.Pipelines;

/// <summary>Reads the values of an axis: lists for the axes everybody has, and names with what they mean for a driver's own.</summary>
static class PipelineAxes
{
    internal const string Kernels = "kernels", Cpus = "cpus";

    static readonly string[] s_meanings = ["devices", "module-parameters", "cpus", "memory"];

    public static IReadOnlyList<AxisValue> Read(string axis, SettingValue values) => axis switch
    {
        "kernel" => values.List(text => new AxisValue(Plain("kernel", "debian:6.12 or a path", text)) { Kernel = text }),
        "board" => values.List(text => new AxisValue(text) { Board = BoardCatalog.Find(text).Name }),
        "distribution" => values.List(text => new AxisValue(Plain("distribution", "debian:12 or oci:PATH", text)) { Distribution = UserSpace.Named(text, values.Directory) }),
        "way" => values.List(text => new AxisValue(text) { Way = Way(text) }),
        "vcpus" => values.List(text => Number(text)),
        _ => [.. values.Entries().Select(entry => Meaning(entry.Key, entry.Value))],
    };

    static AxisValue Number(string text)
        => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var cpus) && cpus is >= 1 and <= 64 ? new AxisValue(text) { Cpus = cpus }
            : throw new FormatException($"expected a number from 1 to 64, not '{text}'");

    static DkmsWay Way(string text) => text switch
    {
        "tarball" => DkmsWay.Tarball,
        "deb" => DkmsWay.Deb,
        _ => throw new FormatException($"expected a way to install a package, tarball or deb, not '{text}'"),
    };

    static AxisValue Meaning(string name, SettingValue meanings)
    {
        var value = new AxisValue(PipelineFile.Name("value", name, meanings.Line));
        foreach (var (key, meaning) in meanings.Entries())
            value = key switch
            {
                "devices" => value with { Devices = meaning.List(PlannedDevice.Parse) },
                "module-parameters" => value with { ModuleParameters = meaning.Entries().ToDictionary(module => module.Key, module => string.Join(' ', module.Value.Texts())) },
                "cpus" => value with { Cpus = meaning.Number(1, 64) },
                "memory" => value with { MemoryMebibytes = meaning.Mebibytes() },
                _ => throw new SettingException(meaning.Line, PipelineFile.Unknown("meaning of a value", key, s_meanings)),
            };
        return value;
    }

    // It stands in selectors.
    static string Plain(string what, string such, string text) => text.Length > 0 && !text.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c is ',' or '=' or '\'') ? text
        : throw new FormatException($"expected a {what} such as {such}, without spaces, quotes, ',' and '=', not '{text}'");
}
