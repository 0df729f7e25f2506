using Understudy.Verdict;

namespace Understudy.Runner.Suites;

/// <summary>Reads a verdict beside what the test said would come.</summary>
static class ExpectedVerdict
{
    /// <summary>A run in which a step asked to be skipped is a skip, however well the boot before it went; a failure that was
    /// foretold is an expected one.</summary>
    public static RunVerdict Of(RunVerdict verdict, TestSettings settings, IReadOnlyList<StepRecord> steps)
    {
        if (verdict.Outcome == Outcome.Pass && steps.FirstOrDefault(step => step.Outcome == Outcome.Skip) is { } skipped)
            return new RunVerdict(Outcome.Skip, skipped.Detail ?? skipped.Name, []);
        return settings.ExpectedFailure is { } why ? verdict.ExpectedToFail(why) : verdict;
    }

    /// <summary>A finding that the test foretold or allows is shown and fails nothing; what the lab found of itself is not the test's to allow.</summary>
    public static Finding Judge(this TestSettings settings, Finding finding)
    {
        if (finding.Source is FindingSource.Lab or FindingSource.Agent || finding.Severity < Severity.Warning) return finding;
        if (settings.ExpectedFindings.Any(title => title.IsMatch(finding.Title))) return finding with { Expected = true };
        var reason = settings.AllowedLog.FirstOrDefault(allowed => allowed.Covers(finding))?.Reason ?? settings.AllowedChecks.FirstOrDefault(allowed => allowed.Covers(finding))?.Reason;
        if (reason is not null) return finding with { Severity = Severity.Info, Title = $"{finding.Title} (allowed: {reason})" };
        if (settings.ExpectedLog.Any(pattern => pattern.IsMatch(finding.Title) || finding.Lines.Any(pattern.IsMatch)))
            return finding with { Severity = Severity.Info, Title = $"{finding.Title} (expected)" };
        return settings.StrictBus && finding is { Source: FindingSource.Device, Severity: Severity.Warning } ? finding with { Severity = Severity.Error } : finding;
    }
}
