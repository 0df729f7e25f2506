using System.Text;
using Understudy.Verdict.Results;

namespace Understudy.Verdict;

/// <summary>Steps as KTAP, the kernel's test output format (Documentation/dev-tools/ktap.rst).</summary>
static class Ktap
{
    public static string Render(IReadOnlyList<StepRecord> steps)
    {
        var text = new StringBuilder("KTAP version 1\n").Append("1..").Append(steps.Count).Append('\n');
        foreach (var step in steps) Render(step, text);
        return text.ToString();
    }

    static void Render(StepRecord step, StringBuilder text)
    {
        if (step.Outcome is not Outcome.Pass)
            foreach (var line in step.Lines) text.Append("# ").Append(Quote(line)).Append('\n');
        text.Append(Line(step.Outcome, step.Index + 1, step.Name, step.Lines is [var reason, ..] ? reason : step.Detail)).Append('\n');
    }

    /// <summary>A result line.</summary>
    /// <param name="outcome">Null for what did not end.</param>
    /// <param name="number">From 1.</param>
    /// <param name="name">Whatever it holds.</param>
    /// <param name="reason">For those that say one.</param>
    public static string Line(Outcome? outcome, int number, string name, string? reason)
    {
        var why = reason is null ? "" : " " + OneLine(reason);
        return $"{(outcome?.IsGood() == true ? "ok" : "not ok")} {number} {Name(name)}" + outcome switch
        {
            Outcome.Pass or Outcome.Fail => "",
            Outcome.Skip => " # SKIP" + why,
            Outcome.XFail => " # XFAIL" + why,
            Outcome.XPass => " # passed, expected to fail",
            Outcome.Error => " # ERROR the test broke",
            Outcome.Broken => " # ERROR the lab broke",
            null => " # ERROR did not end",
            _ => throw new InvalidOperationException($"no such outcome: {outcome}"),
        };
    }

    /// <summary>A name for a result: <c>#</c> would begin a directive.</summary>
    public static string Name(string name) => OneLine(name).Replace('#', '.');

    /// <summary>A line to show as a comment; one that would be taken for a result, a plan or a version is marked.</summary>
    public static string Quote(string line)
    {
        var text = OneLine(line);
        return TapLine.Looks(text) || TapLine.Of("# " + text).Announced is not null ? "| " + text : text;
    }

    static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
}
