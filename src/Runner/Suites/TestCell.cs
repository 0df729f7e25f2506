using System.Globalization;
using Understudy.Boards;

namespace Understudy.Runner.Suites;

/// <summary>One test on one kernel, once.</summary>
/// <param name="Test">The test.</param>
/// <param name="Kernel">The kernel's name in the catalog, or its path.</param>
/// <param name="Seed">Seed of everything random in it.</param>
/// <param name="Repeat">Which of several repetitions, from 1; 0 when it runs once.</param>
public sealed record TestCell(SuiteTest Test, string Kernel, int Seed, int Repeat = 0)
{
    /// <summary>The board, by its name in the catalog.</summary>
    public string Board { get; init; } = BoardCatalog.Default;

    /// <summary>The point of a matrix it is at; null without one.</summary>
    public MatrixPoint? Point { get; init; }

    /// <summary>Its devices are recorded.</summary>
    public bool Record { get; init; }

    /// <summary>Faults beside those of the test: lines as in a <c>faults</c> file.</summary>
    public IReadOnlyList<string> Faults { get; init; } = [];

    /// <summary>Whose time its guest lives in, whatever the test says; null leaves it to that.</summary>
    public GuestTime? Time { get; init; }

    /// <summary>The modules directory of a kernel that is given by its path; null without one.</summary>
    public string? Modules { get; init; }

    /// <summary>On what it runs, in a word: the kernel, or the point of the matrix.</summary>
    public string Place => Point?.Name ?? Kernel;

    /// <summary>What the test is run with.</summary>
    public TestSettings Settings => (Point?.For(Test) ?? Test.Settings) is var settings && Time is { } time ? settings with { Time = time } : settings;

    /// <summary>Its name among all cells: <c>rtl8111/link@debian:6.12</c>, with <c>#2</c> for the second repetition.</summary>
    public string Name => $"{Test.FullName}@{Place}{(Repeat > 0 ? string.Create(CultureInfo.InvariantCulture, $"#{Repeat}") : "")}";

    /// <summary>The command line that runs this cell and nothing else.</summary>
    public string Reproduce => Point?.Command is { } command ? string.Create(CultureInfo.InvariantCulture, $"{command} --name {Quoted(Test.FullName)} --seed {Seed}") : string.Create(CultureInfo.InvariantCulture,
        $"understudy run {Quoted(Path.GetRelativePath(Environment.CurrentDirectory, Test.SuitePath))} --name {Quoted(Test.Name)} {Where}{(Time is { } time ? $" --time {time.ToString().ToLowerInvariant()}" : "")}{string.Concat(Faults.Select(rule => $" --fault {Quoted(rule)}"))} --seed {Seed}");

    string Where => Point is { } point
        ? $"--matrix {Quoted(Path.GetRelativePath(Environment.CurrentDirectory, point.Matrix))} --cell {Quoted(point.Name)}"
        : $"--kernel {Quoted(Kernel)}{(Board == BoardCatalog.Default ? "" : $" --board {Board}")}{(Modules is null ? "" : $" --modules {Quoted(Modules)}")}";

    /// <summary>What is to be run.</summary>
    internal TestPlan Plan(SuiteRequest request) => new(Test.FullName, Place, Settings, Reproduce) { Name = Name, Seed = Seed, Repeat = Repeat, Start = request.Start, Symbols = request.Symbols, Record = Record, DumpsMemory = request.DumpMemory };

    internal static string Quoted(string word) => word.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:@+=,".Contains(c, StringComparison.Ordinal))
        ? word : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
