using System.Globalization;
using Understudy.Runner.Dkms;
using Understudy.Verdict;

namespace Understudy.Cli;

/// <summary>Shows a package on its way through the kernels: each step as it ends, and at the end a table of all.</summary>
sealed class DkmsDisplay(ProvisionDisplay provision) : IDkmsObserver
{
    const int MostLines = 12;

    public void Packed(IReadOnlyList<string> files)
    {
        foreach (var file in files) provision.Line(string.Create(CultureInfo.InvariantCulture, $"{Path.GetRelativePath(Environment.CurrentDirectory, file)} ({new FileInfo(file).Length:N0} bytes)"));
    }

    public void Began(string kernel, StepRecord step) => provision.Status($"{kernel}: {step.Name}");

    public void Ended(string kernel, StepRecord step)
    {
        var took = (step.EndedSeconds ?? step.StartedSeconds) - step.StartedSeconds;
        var (colour, mark) = Look(step.Outcome ?? Outcome.Broken);
        provision.Line(string.Create(CultureInfo.InvariantCulture, $"{kernel,-14} ") + Terminal.Styled(colour, $"{mark,-6}") + string.Create(CultureInfo.InvariantCulture, $" {step.Name,-11} {step.Detail} ({took:F2} s)"));
        if (step.Outcome?.IsGood() != false) return;
        foreach (var line in step.Lines.Take(MostLines)) provision.Line(Terminal.Styled("grey", $"        {line}"));
    }

    public void Ended(DkmsResult result)
    {
        if (result.Verdict.Outcome == Outcome.Pass) return;
        var (colour, mark) = Look(result.Verdict.Outcome);
        provision.Line(Terminal.Styled(colour, mark) + $" {result.Kernel}: {result.Verdict.Reason}");
    }

    public void Summary(DkmsSummary summary)
    {
        if (summary.Results.Count == 0) return;
        const string verdict = "verdict";
        var steps = summary.Results.SelectMany(result => result.Steps.Select(step => step.Name)).Distinct().ToList();
        var width = steps.Append(verdict).Max(name => name.Length);
        provision.Line("");
        provision.Line(string.Join("  ", summary.Results.Select(result => $"{result.Kernel,-14}").Prepend(new string(' ', width))));
        foreach (var step in steps) provision.Line(string.Join("  ", summary.Results.Select(result => Cell(result.Steps.FirstOrDefault(one => one.Name == step)?.Outcome)).Prepend(step.PadRight(width))));
        provision.Line(string.Join("  ", summary.Results.Select(result => Cell(result.Verdict.Outcome)).Prepend(verdict.PadRight(width))));
        provision.Line($"report: {Path.Combine(Path.GetRelativePath(Environment.CurrentDirectory, summary.Request.Output), "matrix.html")}");
    }

    static string Cell(Outcome? outcome)
    {
        if (outcome is not { } known) return new string(' ', 14);
        var (colour, mark) = Look(known);
        return Terminal.Styled(colour, $"{mark,-14}");
    }

    static (string Colour, string Mark) Look(Outcome outcome) => outcome switch
    {
        Outcome.Pass => ("green", "ok"),
        Outcome.Skip => ("yellow", "skip"),
        Outcome.Fail => ("red", "FAIL"),
        _ => ("magenta", outcome.ToString().ToUpperInvariant()),
    };
}
