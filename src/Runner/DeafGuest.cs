using System.Text.RegularExpressions;
using Understudy.Boards;

namespace Understudy.Runner;

/// <summary>A guest that gives no sign of life while its machine runs on.</summary>
static partial class DeafGuest
{
    const int Looks = 3;

    const uint InterruptFlag = 1 << 9;

    static readonly TimeSpan s_between = TimeSpan.FromMilliseconds(200), s_dump = TimeSpan.FromSeconds(5);

    /// <summary>When a CPU stays where it takes no interrupt, makes the kernel say where that is: a finding on the console. When all take
    /// interrupts the kernel may be well and only our agent gone: then it is asked what its tasks do.</summary>
    /// <returns>Where the CPUs are, and what it said of its tasks; empty where it was not asked, or said nothing.</returns>
    public static async Task<string> SpeakAsync(IMachine machine)
    {
        for (var look = 0; look < Looks; look++)
        {
            if (look > 0) await Task.Delay(s_between).ConfigureAwait(false);
            var registers = await machine.InspectAsync().ConfigureAwait(false);
            if (TakesNoInterrupts(registers)) continue;
            var tasks = await machine.AskTasksAsync().ConfigureAwait(false);
            return tasks.Length > 0 ? $"{string.Join('\n', registers.Split('\n').Where(line => line.StartsWith("RIP=", StringComparison.Ordinal)))}\n{tasks}" : "";
        }
        await machine.InterruptAsync().ConfigureAwait(false);
        await ((Task)machine.Exit).WaitAsync(s_dump).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return "";
    }

    /// <summary>Whether a CPU in the answer to QEMU's <c>info registers</c> neither sleeps nor has interrupts enabled (EFLAGS.IF).</summary>
    internal static bool TakesNoInterrupts(string registers)
    {
        foreach (Match cpu in Flags().Matches(registers))
            if ((Convert.ToUInt32(cpu.Groups["flags"].Value, 16) & InterruptFlag) == 0 && cpu.Groups["halted"].Value == "0") return true;
        return false;
    }

    [GeneratedRegex(@"RFL=(?<flags>[0-9a-f]{8}) .*HLT=(?<halted>[01])", RegexOptions.ExplicitCapture)]
    private static partial Regex Flags();
}
