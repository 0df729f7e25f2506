using System.Globalization;
using System.Text;
using Understudy.Guest;
using Understudy.Verdict;

namespace Understudy.Runner.Suites;

/// <summary>What a kernel says of its own state in <c>/proc/sys/kernel/tainted</c> (Documentation/admin-guide/tainted-kernels.rst): it
/// remembers that something broke even where the words of that are lost.</summary>
static class KernelTaint
{
    // The others tell of modules, firmware and what a user asked for.
    static readonly (int Bit, string Words)[] s_broken =
    [
        (4, "M (a machine check)"), (5, "B (a bad page)"), (7, "D (an oops or a BUG)"), (9, "W (a warning)"), (14, "L (a soft lockup)"),
    ];

    /// <summary>The bits that are set; none where the guest does not tell.</summary>
    public static async Task<ulong> ReadAsync(GuestAgent guest, CancellationToken cancel)
    {
        try
        {
            var text = Encoding.ASCII.GetString(await guest.PullAsync("/proc/sys/kernel/tainted", cancel).ConfigureAwait(false));
            return ulong.TryParse(text.Trim(), CultureInfo.InvariantCulture, out var bits) ? bits : 0;
        }
        catch (GuestException)
        {
            return 0;
        }
    }

    /// <summary>A finding for what broke and was not told otherwise.</summary>
    /// <param name="bits">The bits that were set since the driver came.</param>
    /// <param name="told">What was found.</param>
    /// <param name="seconds">Now.</param>
    /// <returns>None where nothing broke, or the kernel has told of something.</returns>
    public static Finding? Of(ulong bits, IEnumerable<Finding> told, double seconds)
    {
        var broken = s_broken.Where(flag => (bits >> flag.Bit & 1) != 0).Select(flag => flag.Words).ToList();
        if (broken.Count == 0 || told.Any(finding => finding is { Baseline: false, Source: FindingSource.Kernel or FindingSource.Console })) return null;
        return new Finding(seconds, FindingSource.Kernel, "tainted", $"kernel tainted: {string.Join(", ", broken)}, and its log tells of none", Severity.Error, []);
    }
}
