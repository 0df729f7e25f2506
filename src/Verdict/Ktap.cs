using System.Text;

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
            foreach (var line in step.Lines) text.Append("# ").Append(OneLine(line)).Append('\n');
        text.Append(step.Outcome?.IsGood() == true ? "ok " : "not ok ").Append(step.Index + 1).Append(' ').Append(Name(step));
        text.Append(step.Outcome switch
        {
            Outcome.Pass or Outcome.Fail => "",
            Outcome.Skip => " # SKIP " + OneLine(step.Lines is [var reason, ..] ? reason : step.Detail ?? ""),
            Outcome.Broken => " # the lab broke",
            Outcome.XFail => " # XFAIL",
            Outcome.XPass => " # passed, expected to fail",
            Outcome.Error => " # ERROR the test broke",
            null => " # did not end",
            _ => throw new InvalidOperationException($"no such outcome: {step.Outcome}"),
        }).Append('\n');
    }

    // '#' starts a directive in KTAP.
    static string Name(StepRecord step) => OneLine(step.Name).Replace('#', '.');

    static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
}
