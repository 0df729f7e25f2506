using System.Text;

namespace Understudy.Boards;

/// <summary>What a board cannot do, and why: a test that needs it is skipped there with that reason, and never given a fake.</summary>
/// <param name="lacks">What it cannot do, each with the reason, in words that follow "this board has".</param>
public sealed class BoardTraits(params IReadOnlyList<(BoardAbility Ability, string Reason)> lacks)
{
    /// <summary>Why the board cannot do this; null when it can.</summary>
    public string? WhyNot(BoardAbility ability)
    {
        foreach (var lack in lacks)
            if (lack.Ability == ability) return lack.Reason;
        return null;
    }

    /// <summary>What a test, an option or a report calls an ability: <c>port-io</c>.</summary>
    public static string Word(BoardAbility ability)
    {
        var word = new StringBuilder();
        foreach (var letter in ability.ToString())
        {
            if (char.IsUpper(letter) && word.Length > 0) word.Append('-');
            word.Append(char.ToLowerInvariant(letter));
        }
        return word.ToString();
    }

    /// <summary>All abilities, by their words.</summary>
    public static IReadOnlyDictionary<string, BoardAbility> Words { get; } = Enum.GetValues<BoardAbility>().ToDictionary(Word);
}
