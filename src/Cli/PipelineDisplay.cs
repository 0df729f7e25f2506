using System.Globalization;
using Understudy.Runner.Pipelines;
using Understudy.Verdict;

namespace Understudy.Cli;

/// <summary>Shows a pipeline: cells as they end, on a terminal what runs now, and at the end all of it as tables.</summary>
sealed class PipelineDisplay(ProvisionDisplay provision) : IPipelineObserver
{
    const int MostLines = 12;

    readonly Dictionary<string, string> _running = [];
    int _planned, _ended;

    public void Began(string phase, int cells)
    {
        (_planned, _ended) = (cells, 0);
        provision.Line($"{phase}:");
    }

    public void At(PipelineCell cell, string doing)
    {
        _running[cell.Name] = doing;
        provision.Status(string.Create(CultureInfo.InvariantCulture, $"[{_ended}/{_planned}] {string.Join("  ", _running.Select(running => $"{running.Key}: {running.Value}"))}"));
    }

    public void Ended(PipelineResult result)
    {
        _running.Remove(result.Cell.Name);
        _ended++;
        provision.Line(string.Create(CultureInfo.InvariantCulture, $"  {Styled(result, $"{result.Word,-8}")} {result.Cell.Step.Name}{(result.Cell.Place.Length > 0 ? $" {result.Cell.Place}" : "")}  {result.Verdict?.Reason ?? result.WhyNot} ({result.Seconds:F1} s)"));
        if (result.Verdict is not { OpensGate: false } bad) return;
        foreach (var line in bad.Evidence.Take(MostLines)) provision.Line(Terminal.Styled("grey", $"        {line}"));
        if (bad.Page is { } page) provision.Line($"        see {Path.Combine(Path.GetRelativePath(Environment.CurrentDirectory, result.Directory!), page)}");
    }

    public void Closed(string phase, string why) => provision.Line($"{phase}: {Terminal.Styled("yellow", "not run")}  {why}");

    public void Summary(PipelineSummary summary)
    {
        if (summary.Interrupted) provision.Line("interrupted: what follows is what ran until then");
        foreach (var phase in summary.Request.Pipeline.Phases)
            foreach (var grid in PipelineGrid.Of(summary, phase.Name)) Show(phase.Name, grid);
        foreach (var result in summary.Results.Where(result => result.Verdict?.OpensGate == false))
            provision.Line($"{Styled(result, result.Word)} {result.Cell.Name}: {result.Verdict!.Reason}; again: {summary.Request.CommandFor(result.Cell)}");
        provision.Line(string.Create(CultureInfo.InvariantCulture, $"{summary} in {summary.Seconds:F1} s"));
        provision.Line($"report: {Path.Combine(Path.GetRelativePath(Environment.CurrentDirectory, summary.Request.Output), PipelineFiles.Page)}");
    }

    void Show(string phase, PipelineGrid grid)
    {
        var title = $"{phase}/{grid.Step.Name}";
        var first = Math.Max(title.Length, grid.Rows.Max(row => row.Name.Length + 2));
        var widths = grid.Columns.Select((column, index) => Math.Max(column.Length, grid.Rows.Max(row => Text(row.Cells[index]).Length))).ToList();
        if (grid is { Columns: [""], Rows: [("", [{ } only])] })
        {
            provision.Line($"{title}  {Styled(only, Text(only))}");
            return;
        }
        provision.Line($"{title.PadRight(first)}{string.Concat(grid.Columns.Select((column, index) => $"  {column.PadRight(widths[index])}"))}".TrimEnd());
        foreach (var (name, cells) in grid.Rows)
            provision.Line($"{$"  {name}".PadRight(first)}{string.Concat(cells.Select((cell, index) => $"  {(cell is null ? Text(cell) : Styled(cell, Text(cell)))}{new string(' ', widths[index] - Text(cell).Length)}"))}".TrimEnd());
    }

    static string Text(PipelineResult? cell) => cell is null ? "-" : cell.Seconds > 0 ? string.Create(CultureInfo.InvariantCulture, $"{cell.Word} {cell.Seconds:F1} s{(cell.Kept ? ", kept" : "")}") : cell.Word;

    static string Styled(PipelineResult result, string text) => Terminal.Styled(result.Verdict switch
    {
        null => "yellow",
        { BuiltOnly: true } => "red",
        { Outcome: Outcome.Pass } => "green",
        { Outcome: Outcome.Fail or Outcome.XPass } => "red",
        { Outcome: Outcome.Broken or Outcome.Error } => "magenta",
        _ => "yellow",
    }, text);
}
