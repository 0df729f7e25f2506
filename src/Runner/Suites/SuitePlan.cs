using Understudy.Boards;

namespace Understudy.Runner.Suites;

/// <summary>What a request comes to, cell by cell.</summary>
static class SuitePlan
{
    /// <summary>The cells of one round, in the order they begin.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="round">From 0.</param>
    public static IReadOnlyList<TestCell> Round(SuiteRequest request, int round)
    {
        var repeated = request.Rounds != 1;
        var seed = request.Seed + round;
        TestCell[] cells = [.. request.Suites.SelectMany(suite => suite.Tests).SelectMany(test => PlacesFor(test, request, seed))
            .Where(cell => request.Selection.Chooses(cell.Test, cell.Place)).Select(cell => cell with
            {
                Modules = cell.Kernel.Contains('/', StringComparison.Ordinal) ? request.Modules : null, Repeat = repeated ? round + 1 : 0, Time = request.Time, Faults = request.Faults, Record = request.Record,
            })];
        if (request.Shuffle) new Random(seed).Shuffle(cells);
        return cells;
    }

    static IEnumerable<TestCell> PlacesFor(SuiteTest test, SuiteRequest request, int seed) => request.Points.Count > 0
        ? request.Points.Select(point => new TestCell(test, point.Kernel, seed) { Board = point.Board, Point = point })
        : KernelsFor(test, request).Select(kernel => new TestCell(test, kernel, seed) { Board = request.Board });

    // The user's own words come before the suite's, and those before the board's own.
    static IReadOnlyList<string> KernelsFor(SuiteTest test, SuiteRequest request)
        => request.Kernels.Count > 0 ? request.Kernels : [test.Settings.KernelImage ?? BoardCatalog.Find(request.Board).Kernel];
}
