using Understudy.Pci;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Runner.Suites;

/// <summary>A check of the bus whose findings are no more than a remark.</summary>
/// <param name="Check">Its name.</param>
/// <param name="Reason">Why the driver may do that.</param>
public sealed record AllowedCheck(string Check, string Reason)
{
    /// <summary>One that exists, with a reason.</summary>
    /// <exception cref="FormatException">There is no such check, or no reason.</exception>
    public static AllowedCheck Of(string check, string reason)
    {
        if (BusChecks.Find(check) is null)
            throw new FormatException($"there is no check '{check}'; did you mean '{Nearest.To(check, BusChecks.All.Select(known => known.Name))[0]}'? There is {string.Join(", ", BusChecks.All.Select(known => known.Name))}");
        return string.IsNullOrWhiteSpace(reason) ? throw new FormatException($"what is allowed needs a reason, and {check} has none") : new AllowedCheck(check, reason);
    }

    /// <summary>Whether it speaks of this finding.</summary>
    public bool Covers(Finding finding) => finding.Source == FindingSource.Device && finding.Rule == Check;
}
