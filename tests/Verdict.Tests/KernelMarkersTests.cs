using System.Text;
using Understudy.Verdict.Rules;

namespace Understudy.Verdict.Tests;

public sealed class KernelMarkersTests
{
    static readonly string[] s_markers = [.. KernelRules.All.Select(rule => rule.Marker).Distinct()];

    [Fact]
    public void Every_rule_has_its_marker_found_wherever_it_stands_in_a_window()
    {
        var markers = new KernelMarkers(s_markers);
        foreach (var marker in s_markers)
            for (var at = 0; at < 130; at++)
            {
                var window = new string('.', at) + marker + new string('.', 130 - at);
                markers.Begin();
                var found = markers.IndexFrom(window, 0);
                Assert.True(found >= at && found < at + marker.Length, $"'{marker}' at {at} is found at {found}");
                Assert.True(markers.AreIn(window));
            }
    }

    [Fact]
    public void All_markers_of_one_window_are_found_in_the_order_they_stand_in()
    {
        var random = new Random(5);
        var markers = new KernelMarkers(s_markers);
        for (var round = 0; round < 50; round++)
        {
            var window = string.Join('\n', s_markers.OrderBy(_ => random.Next()).Select(marker => new string('.', random.Next(60)) + marker));
            markers.Begin();
            var lines = 0;
            for (var at = 0; at < window.Length && markers.IndexFrom(window, at) is >= 0 and var hit; lines++)
            {
                Assert.Equal(window.IndexOf('\n', at) is >= 0 and var end ? end : window.Length, window.IndexOf('\n', hit) is >= 0 and var after ? after : window.Length);
                at = window.IndexOf('\n', hit) is >= 0 and var next ? next + 1 : window.Length;
            }
            Assert.Equal(s_markers.Length, lines);
        }
    }

    [Fact]
    public void Where_there_is_none_none_is_found()
    {
        var markers = new KernelMarkers(s_markers);
        markers.Begin();
        Assert.Equal(-1, markers.IndexFrom("r8169 0000:01:00.0 eth0: Link is Up", 0));
        Assert.False(markers.AreIn(""));
    }

    [Fact]
    public void A_boot_a_hundred_times_over_in_the_pieces_a_console_comes_in_hides_neither_of_two_findings()
    {
        var boot = GoldenBoot();
        var frames = new List<string?>();
        var scanner = new KernelLogScanner(FindingSource.Console, finding => frames.Add(finding.Frame));
        var random = new Random(7);
        Feed("[   10.000001] BUG: kernel NULL pointer dereference, address: 0000000000000008\n[   10.000002] RIP: 0010:first_irq+0x12/0x40 [nic]\n[   10.000003] ---[ end trace 0000000000000000 ]---\n"u8);
        for (var round = 0; round < 100; round++) Feed(boot);
        Feed("[   99.000001] WARNING: CPU: 0 PID: 1 at net/core/dev.c:42 last_poll+0x12/0x40\n[   99.000002] ---[ end trace 0000000000000000 ]---\n"u8);
        scanner.End();
        Assert.Equal(["first_irq", "last_poll"], frames);

        void Feed(ReadOnlySpan<byte> text)
        {
            while (!text.IsEmpty)
            {
                var length = Math.Min(text.Length, random.Next(1, 20_000));
                scanner.Read(text[..length], 1);
                text = text[length..];
            }
        }
    }

    // Up to where it ends in a panic, which would be a finding of its own.
    static byte[] GoldenBoot()
    {
        var boot = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Logs", "real-boot-without-root-6.1.log"));
        boot = boot[boot.IndexOf("[    0.000000]", StringComparison.Ordinal)..];
        boot = boot[..boot.IndexOf("Kernel panic", StringComparison.Ordinal)];
        return Encoding.UTF8.GetBytes(boot[..(boot.LastIndexOf('\n') + 1)]);
    }
}
