using System.IO.Enumeration;

namespace Understudy.Runner.Suites;

/// <summary>Which tests to run; what is empty chooses all.</summary>
public sealed record TestSelection
{
    /// <summary>Words of which a test must have one; a word with <c>!</c> before it is one it must not have.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Patterns with <c>*</c> and <c>?</c> of which one must fit the test's name, or <c>suite/test</c>.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>The only tests, each with its kernel; null for all.</summary>
    public IReadOnlySet<(string Test, string Kernel)>? Only { get; init; }

    /// <summary>Only tests that one of these files is part of; null for all.</summary>
    public ChangedFiles? Changed { get; init; }

    /// <summary>Whether it chooses a test on a kernel.</summary>
    public bool Chooses(SuiteTest test, string kernel) => Chooses(test) && Only?.Contains((test.Path, kernel)) != false;

    /// <summary>Whether it chooses a test on any kernel.</summary>
    public bool Chooses(SuiteTest test)
    {
        var (without, with) = (Tags.Where(tag => tag.StartsWith('!')).ToList(), Tags.Where(tag => !tag.StartsWith('!')).ToList());
        return (Names.Count == 0 || Names.Any(name => Fits(name, test)))
            && (with.Count == 0 || with.Any(test.Settings.Tags.Contains))
            && Changed?.Touch(test) != false
            && !without.Any(tag => test.Settings.Tags.Contains(tag[1..]));
    }

    static bool Fits(string pattern, SuiteTest test)
        => FileSystemName.MatchesSimpleExpression(pattern, test.Name, ignoreCase: false) || FileSystemName.MatchesSimpleExpression(pattern, test.FullName, ignoreCase: false);
}
