using System.Text;
using Understudy.Verdict;

namespace Understudy.Bench;

/// <summary>A console log of any length: two things that happened to the driver, with everything else between them.</summary>
static class FloodLog
{
    public const string First = "[   10.000001] BUG: kernel NULL pointer dereference, address: 0000000000000008\n[   10.000002] RIP: 0010:first_irq+0x12/0x40 [nic]\n[   10.000003] ---[ end trace 0000000000000000 ]---\n";
    public const string Last = "[   99.000001] WARNING: CPU: 0 PID: 1 at net/core/dev.c:42 last_poll+0x12/0x40\n[   99.000002] ---[ end trace 0000000000000000 ]---\n";

    /// <summary>What stands between them, over and over: a real boot, up to where it ends in a panic.</summary>
    public static byte[] Body()
    {
        var boot = File.ReadAllText(Workshop.InRepository("tests/Verdict.Tests/Logs/real-boot-without-root-6.1.log"));
        boot = boot[boot.IndexOf("[    0.000000]", StringComparison.Ordinal)..];
        var body = Encoding.UTF8.GetBytes(boot[..boot.IndexOf("Kernel panic", StringComparison.Ordinal)]);
        return body[..(body.AsSpan().LastIndexOf((byte)'\n') + 1)];
    }

    /// <exception cref="InvalidOperationException">The scanner found something else than the two that are there.</exception>
    public static void Check(IReadOnlyList<Finding> found)
    {
        if (found.Select(finding => finding.Frame).ToList() is not ["first_irq", "last_poll"])
            throw new InvalidOperationException($"the scanner found {found.Count} things instead of the two that are there: {string.Join(", ", found.Take(5).Select(finding => finding.Title))}");
    }
}
