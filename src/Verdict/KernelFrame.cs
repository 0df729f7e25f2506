using System.Text.RegularExpressions;

namespace Understudy.Verdict;

/// <summary>Reads the lines of a call trace.</summary>
static partial class KernelFrame
{
    /// <summary>The function of a frame that is certain; false for <c>? func+0x1/0x2</c>, which the unwinder only guessed.</summary>
    public static bool TryFunction(string message, out string function)
    {
        var match = Frame().Match(message);
        function = match.Success ? Bare(match.Groups["f"].Value) : "";
        return match.Success && !match.Groups["guess"].Success;
    }

    /// <summary>The function the CPU was in: <c>RIP: 0010:func+0x1/0x2</c>, or <c>pc : func+0x1/0x2</c>.</summary>
    public static bool TryPointer(string message, out string function)
    {
        var match = Pointer().Match(message);
        function = match.Success ? Bare(match.Groups["f"].Value) : "";
        return match.Success;
    }

    /// <summary>Without what the compiler appended: <c>.isra.0</c>, <c>.cold</c>, and without an offset.</summary>
    public static string Bare(string function) =>
        function[..(function.AsSpan().IndexOfAny('.', '+') is >= 0 and var end ? end : function.Length)];

    /// <summary>Whether the line has the look of a line within a report: a frame, registers, code bytes, held locks.</summary>
    public static bool BelongsToReport(string message) =>
        message.Length == 0 || message[0] is ' ' or '\t' || Furniture().IsMatch(message);

    [GeneratedRegex(@"^\s+(\[<[0-9a-f]+>\] )?(?<guess>\? )?(?<f>[A-Za-z_][\w.]*)\+0x[0-9a-f]+/0x[0-9a-f]+", RegexOptions.ExplicitCapture)]
    private static partial Regex Frame();

    [GeneratedRegex(@"^(RIP: [0-9a-f]{4}:|pc : )(?<f>[A-Za-z_][\w.]*)\+0x", RegexOptions.ExplicitCapture)]
    private static partial Regex Pointer();

    [GeneratedRegex(
        @"^(Call [Tt]race:|RIP: |RSP: |R[A-D]X: |R(BP|08|1\d): |[FCDE]S: |CR\d: |DR\d: |PKRU: |ORIG_RAX|x\d+ *: |[ps][cp] : |lr : |pstate: "
        + @"|Code: |CPU: \d|Hardware name: |Modules linked in: |Workqueue: |Tainted: |Kernel Offset|</?TASK>|task:|Stack:|Sending NMI"
        + @"|NMI backtrace|rcu: (\t|All QSes|RCU grace-period|Stack dump)|irq event stamp|(hard|soft)irqs last |Preemption disabled at)",
        RegexOptions.ExplicitCapture)]
    private static partial Regex Furniture();
}
