namespace Understudy.Runner.Pipelines;

/// <summary>The cells of one step as rows and columns: kernels side by side, all else below each other.</summary>
/// <param name="Step">The step.</param>
/// <param name="Columns">The kernels; one column without a name where the step is over none.</param>
/// <param name="Rows">What else cells differ in, and the cell of each column; null where there is none.</param>
public sealed record PipelineGrid(PipelineStep Step, IReadOnlyList<string> Columns, IReadOnlyList<(string Name, IReadOnlyList<PipelineResult?> Cells)> Rows)
{
    /// <summary>The grids of a phase.</summary>
    public static IReadOnlyList<PipelineGrid> Of(PipelineSummary summary, string phase)
    {
        ArgumentNullException.ThrowIfNull(summary);
        return [.. summary.Results.Where(result => result.Cell.Phase == phase).GroupBy(result => result.Cell.Step.Name).Select(Of)];
    }

    static PipelineGrid Of(IEnumerable<PipelineResult> results)
    {
        var cells = results.ToList();
        var columns = cells.Select(Column).Distinct().ToList();
        return new PipelineGrid(cells[0].Cell.Step, columns, [.. cells.GroupBy(Row).Select(row => (row.Key, (IReadOnlyList<PipelineResult?>)[.. columns.Select(column => row.FirstOrDefault(cell => Column(cell) == column))]))]);
    }

    static string Column(PipelineResult result) => result.Cell.Values.FirstOrDefault(at => at.Value.Kernel is not null).Value?.Name ?? "";

    static string Row(PipelineResult result) => string.Join(' ', result.Cell.Values.Where(at => at.Value.Kernel is null).Select(at => $"{at.Axis.Name}={at.Value.Name}"));
}
