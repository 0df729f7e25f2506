using System.Text.RegularExpressions;
using Understudy.Toolchain;

namespace Understudy.Build;

/// <summary>A configuration as it was asked for: what it begins from, and what is laid over that.</summary>
/// <param name="Target">The target of make it begins from, or null.</param>
/// <param name="Whole">The text it begins from, or null.</param>
/// <param name="Fragments">What is laid over it, in order, each with where it is from.</param>
sealed partial record KernelConfig(string? Target, string? Whole, IReadOnlyList<(string Origin, string Text)> Fragments)
{
    const string CommandLine = "command line";

    /// <summary>What tells it from others.</summary>
    public string Key => string.Join('\n', [Target ?? "", Whole ?? "", .. Fragments.Select(fragment => fragment.Text)]);

    /// <summary>Finds what the words mean in this tree.</summary>
    /// <param name="words">As in <see cref="KernelRecipe.Config"/>.</param>
    /// <param name="tree">The sources.</param>
    /// <param name="architecture">Whose configurations.</param>
    /// <param name="debians">Debian's configuration.</param>
    /// <exception cref="ToolchainException">A word means nothing here; the nearest names are given.</exception>
    public static async Task<KernelConfig> ReadAsync(IReadOnlyList<string> words, string tree, Architecture architecture, Func<Task<string>> debians)
    {
        string? target = null, whole = null;
        var fragments = new List<(string, string)>();
        var first = words.Count > 0 && !IsFragment(words[0]) ? words[0] : null;
        if (first is null) target = "defconfig";
        else if (first == "debian") whole = await debians().ConfigureAwait(false);
        else if (IsTarget(first, tree, architecture)) target = first;
        else if (File.Exists(first)) whole = await File.ReadAllTextAsync(first).ConfigureAwait(false);
        else throw Unknown(first, Targets(tree, architecture), "a configuration to begin from, nor a file");
        foreach (var word in words.Skip(first is null ? 0 : 1)) fragments.Add(Fragment(word, tree, architecture));
        return new KernelConfig(target, whole, fragments);
    }

    static bool IsFragment(string word) => Line().IsMatch(word) || word.EndsWith(".config", StringComparison.Ordinal) && Path.GetFileName(word) != ".config";

    static (string Origin, string Text) Fragment(string word, string tree, Architecture architecture)
    {
        if (Line().Match(word) is { Success: true } line) return (CommandLine, line.Groups["value"].Value == "n" ? $"# {line.Groups["symbol"].Value} is not set\n" : word + "\n");
        if (File.Exists(word)) return (Path.GetFileName(word), File.ReadAllText(word));
        var name = word.EndsWith(".config", StringComparison.Ordinal) ? word : word + ".config";
        var places = Places(tree, architecture).Select(place => Path.Combine(place, name));
        if (KernelTarget.IsName(word)) throw new ToolchainException(ToolchainProblem.UnknownName, $"'{word}' is a target, and comes before --config: all words after --config, up to the next option, are configuration.");
        return places.FirstOrDefault(File.Exists) is { } found ? (name, File.ReadAllText(found))
            : throw Unknown(word, Places(tree, architecture).Where(Directory.Exists).SelectMany(place => Directory.EnumerateFiles(place, "*.config")).Select(file => Path.GetFileName(file)), "a fragment of this kernel, nor a file, nor a line CONFIG_X=y");
    }

    static string[] Places(string tree, Architecture architecture) => [Path.Combine(tree, "arch", architecture.Directory, "configs"), Path.Combine(tree, "kernel/configs")];

    static readonly string[] s_general = ["defconfig", "tinyconfig", "allnoconfig", "allyesconfig", "allmodconfig", "alldefconfig", "randconfig"];

    static IEnumerable<string> Targets(string tree, Architecture architecture) => s_general.Concat(Directory.Exists(Places(tree, architecture)[0])
        ? Directory.EnumerateFiles(Places(tree, architecture)[0], "*_defconfig", SearchOption.AllDirectories).Select(file => Path.GetFileName(file)) : []);

    static bool IsTarget(string word, string tree, Architecture architecture) => Targets(tree, architecture).Contains(word);

    static ToolchainException Unknown(string word, IEnumerable<string> names, string what) =>
        new(ToolchainProblem.UnknownName, $"'{word}' is not {what}. Did you mean {string.Join(" or ", Nearest.To(word, names))}?");

    /// <summary>What became of all that was asked for beyond the beginning; the last word on a symbol counts.</summary>
    public IReadOnlyList<ConfigRequest> Report(string result)
    {
        var granted = Values(result).ToDictionary(value => value.Symbol, value => value.Value);
        return [.. Fragments.SelectMany(fragment => Values(fragment.Text).Select(value => (value.Symbol, value.Value, fragment.Origin)))
            .GroupBy(asked => asked.Symbol).Select(same => same.Last())
            .Select(asked => new ConfigRequest(asked.Symbol, asked.Value, granted.GetValueOrDefault(asked.Symbol, "n"), asked.Origin))];
    }

    /// <summary>Why a kernel with this configuration is not what the fragments ask for; null when it is.</summary>
    public string? Refusal(string result)
    {
        var refused = Report(result).Where(request => !request.IsGranted && request.Origin != CommandLine).ToList();
        return refused.Count == 0 ? null : $"The kernel's configuration does not grant {string.Join("; ", refused)}. Something they depend on is off, or something else excludes them: 'depends on' in the kernel's Kconfig says what.";
    }

    static IEnumerable<(string Symbol, string Value)> Values(string text)
    {
        foreach (var line in text.Split('\n'))
            if (Line().Match(line.TrimEnd()) is { Success: true } set) yield return (set.Groups["symbol"].Value, set.Groups["value"].Value);
            else if (Unset().Match(line.TrimEnd()) is { Success: true } unset) yield return (unset.Groups["symbol"].Value, "n");
    }

    [GeneratedRegex(@"^(?<symbol>CONFIG_\w+)=(?<value>.*)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Line();

    [GeneratedRegex(@"^# (?<symbol>CONFIG_\w+) is not set$", RegexOptions.ExplicitCapture)]
    private static partial Regex Unset();
}
