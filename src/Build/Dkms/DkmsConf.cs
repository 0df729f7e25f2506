using System.Globalization;
using System.Text.RegularExpressions;

namespace Understudy.Build;

/// <summary>What a <c>dkms.conf</c> says (dkms(8)). DKMS has bash read it; here it is only read, so a value may name other values of the file, and
/// nothing is run.</summary>
/// <param name="Name">PACKAGE_NAME.</param>
/// <param name="Version">PACKAGE_VERSION.</param>
/// <param name="Modules">The modules it installs, in their order.</param>
/// <param name="AutoInstall">A package's installation builds it: AUTOINSTALL is set.</param>
/// <param name="Text">The whole file.</param>
public sealed partial record DkmsConf(string Name, string Version, IReadOnlyList<DkmsModule> Modules, bool AutoInstall, string Text)
{
    /// <summary>Its name in a directory of sources.</summary>
    public const string FileName = "dkms.conf";

    /// <summary>Reads the one of a directory.</summary>
    /// <exception cref="FormatException">There is none, or it lacks or mangles what a package cannot do without; says where, and what would be right.</exception>
    public static DkmsConf Read(string directory)
    {
        var path = Path.Combine(directory, FileName);
        if (!Directory.Exists(directory)) throw new FormatException($"there is no directory {directory}");
        return File.Exists(path) ? Parse(File.ReadAllText(path), path)
            : throw new FormatException($"{directory} has no {FileName}. The least it takes: PACKAGE_NAME=\"nic\", PACKAGE_VERSION=\"1.0\", BUILT_MODULE_NAME[0]=\"nic\", DEST_MODULE_LOCATION[0]=\"/updates/dkms\", AUTOINSTALL=\"yes\"");
    }

    /// <summary>Reads its text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="path">What the file is called in errors.</param>
    /// <exception cref="FormatException">As <see cref="Read"/>.</exception>
    public static DkmsConf Parse(string text, string path)
    {
        var values = Values(text, path);
        var name = Required(values, "PACKAGE_NAME", "nic", path);
        var version = Required(values, "PACKAGE_VERSION", "1.0", path);
        if (!NameForm().IsMatch(name.Text)) throw new FormatException($"{path}:{name.Line}: PACKAGE_NAME \"{name.Text}\" cannot be the name of a package: letters, digits and . _ + - are right, a letter or digit first");
        if (!VersionForm().IsMatch(version.Text)) throw new FormatException($"{path}:{version.Line}: PACKAGE_VERSION \"{version.Text}\" cannot be a version: digits, letters and . _ + ~ - are right, such as \"1.0\"{(version.Text.Contains('#', StringComparison.Ordinal) ? "; dh_dkms would have put one in this place" : "")}");
        return new DkmsConf(name.Text, version.Text, Built(values, name.Text, path), values.TryGetValue("AUTOINSTALL", out var auto) && auto.Text.Length > 0, text);
    }

    /// <summary>The same with another version.</summary>
    public DkmsConf WithVersion(string version) =>
        this with { Version = version, Text = VersionLine().Replace(Text, $"${{1}}\"{version}\"") };

    sealed record Value(string Text, int Line);

    // Only what does not run a program: NAME=word, NAME[0]="words $OTHER ${OTHER}", comments. Lines that are more than that are DKMS's to read.
    static Dictionary<string, Value> Values(string text, string path)
    {
        var values = new Dictionary<string, Value>(StringComparer.Ordinal);
        var line = 0;
        foreach (var source in text.Split('\n'))
        {
            line++;
            if (Assignment().Match(source) is not { Success: true } found) continue;
            var quoted = found.Groups["quoted"];
            var opened = found.Groups["open"];
            if (opened.Success && !quoted.Success && found.Groups["name"].Value is "PACKAGE_NAME" or "PACKAGE_VERSION") throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"{path}:{line}: the quote of {found.Groups["name"].Value} does not end on its line"));
            var value = quoted.Success ? quoted.Value : found.Groups["word"].Value;
            if (!source.Contains('\'', StringComparison.Ordinal)) value = Reference().Replace(value, reference => values.TryGetValue(reference.Groups[1].Value, out var other) ? other.Text : reference.Value);
            values[Key(found)] = new Value(value, line);
        }
        return values;
    }

    static string Key(Match assignment) => assignment.Groups["index"] is { Success: true, Value: var index } ? $"{assignment.Groups["name"].Value}[{index}]" : assignment.Groups["name"].Value;

    static Value Required(Dictionary<string, Value> values, string name, string example, string path) => values.TryGetValue(name, out var value) && value.Text.Length > 0 ? value
        : throw new FormatException($"{path} does not say {name}: add a line such as {name}=\"{example}\"");

    static List<DkmsModule> Built(Dictionary<string, Value> values, string package, string path)
    {
        string? At(string name, int index) => values.GetValueOrDefault(string.Create(CultureInfo.InvariantCulture, $"{name}[{index}]"), values.GetValueOrDefault(index == 0 ? name : "", new Value("", 0))).Text is { Length: > 0 } text ? text : null;
        var modules = new List<DkmsModule>();
        for (var index = 0; At("BUILT_MODULE_NAME", index) is { } built || (index == 0 && (built = package) is not null); index++)
        {
            if (built.EndsWith(".ko", StringComparison.Ordinal)) throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"{path}: BUILT_MODULE_NAME[{index}]=\"{built}\": the name goes without .ko"));
            var module = new DkmsModule(built, At("DEST_MODULE_NAME", index) ?? built);
            foreach (var name in (string[])[module.Built, module.Installed])
                if (!NameForm().IsMatch(name)) throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"{path}: module {index}: \"{name}\" cannot be the name of a module: letters, digits, _ and - are right"));
            modules.Add(module);
        }
        return modules;
    }

    [GeneratedRegex("""^\s*(export\s+)?(?<name>[A-Za-z_][A-Za-z0-9_]*)(\[(?<index>\d+)\])?=((?<open>["'])(?<quoted>[^"']*)["']|(?<open>["'])|(?<word>[^\s#;"']*))""", RegexOptions.ExplicitCapture)]
    private static partial Regex Assignment();

    [GeneratedRegex(@"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?")]
    private static partial Regex Reference();

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._+-]*$")]
    private static partial Regex NameForm();

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._+~-]*$")]
    private static partial Regex VersionForm();

    [GeneratedRegex("""^(\s*(?:export\s+)?PACKAGE_VERSION=)("[^"\n]*"|'[^'\n]*'|[^\s#;]*)""", RegexOptions.Multiline)]
    private static partial Regex VersionLine();
}
