namespace Understudy.Runner.Suites;

/// <summary>Something wrong in the files of a suite.</summary>
/// <param name="File">The file or directory.</param>
/// <param name="Line">The line in it, from 1; 0 where there is none.</param>
/// <param name="Key">The key it is about; empty where it is about none.</param>
/// <param name="Text">What is wrong, and what would be right.</param>
public sealed record SuiteProblem(string File, int Line, string Key, string Text)
{
    /// <summary>As compilers print theirs: <c>suites/x/test.yaml:3: timeout: ...</c>.</summary>
    public override string ToString()
        => FormattableString.Invariant($"{string.Concat(File.Select(c => char.IsControl(c) ? '?' : c))}{(Line > 0 ? $":{Line}" : "")}: {(Key.Length > 0 ? Key + ": " : "")}{Text}");
}
