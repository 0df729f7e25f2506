using Understudy.Verdict;

namespace Understudy.Runner.Dkms;

/// <summary>Watches a package on its way through the kernels. Called by several tasks, one call at a time; must not block.</summary>
public interface IDkmsObserver
{
    /// <summary>The packages have been made.</summary>
    void Packed(IReadOnlyList<string> files);

    /// <summary>A step on one kernel began.</summary>
    void Began(string kernel, StepRecord step);

    /// <summary>A step on one kernel ended.</summary>
    void Ended(string kernel, StepRecord step);

    /// <summary>A kernel is done.</summary>
    void Ended(DkmsResult result);
}
