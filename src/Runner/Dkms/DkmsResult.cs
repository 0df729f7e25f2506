using Understudy.Verdict;

namespace Understudy.Runner.Dkms;

/// <summary>What a package came to on one kernel.</summary>
/// <param name="Kernel">The kernel, as it was named.</param>
/// <param name="Verdict">The judgement.</param>
/// <param name="Directory">The run directory, an absolute path.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Steps">The steps that ran.</param>
public sealed record DkmsResult(string Kernel, RunVerdict Verdict, string Directory, double Seconds, IReadOnlyList<StepRecord> Steps);
