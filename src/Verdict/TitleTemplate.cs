using System.Text.RegularExpressions;

namespace Understudy.Verdict;

/// <summary>Fills the title of a rule (<see cref="Rules.KernelRule.Title"/>).</summary>
static partial class TitleTemplate
{
    public static string Fill(string template, IReadOnlyDictionary<string, string> words) =>
        Part().Replace(template, part => Fill(part, words)).Trim();

    static string Fill(Match part, IReadOnlyDictionary<string, string> words) =>
        part.Groups["optional"] is { Success: true } optional ? FillOptional(optional.Value, words) : Word(part, words);

    static string FillOptional(string part, IReadOnlyDictionary<string, string> words) =>
        Name().Matches(part).All(name => words.ContainsKey(name.Groups["name"].Value))
            ? Name().Replace(part, name => Word(name, words))
            : "";

    static string Word(Match name, IReadOnlyDictionary<string, string> words) => words.GetValueOrDefault(name.Groups["name"].Value, "");

    [GeneratedRegex(@"\[(?<optional>[^\]]*)\]|\{(?<name>\w+)\}", RegexOptions.ExplicitCapture)]
    private static partial Regex Part();

    [GeneratedRegex(@"\{(?<name>\w+)\}", RegexOptions.ExplicitCapture)]
    private static partial Regex Name();
}
