using System.Text.Json;
using System.Text.RegularExpressions;

namespace Understudy.Verdict;

/// <summary>What of KCIDB's schema 5.3 (kcidb-io, schema/v05_03.py) our reports touch: names, types, references, limits.</summary>
static partial class KcidbSchema
{
    /// <summary>Asserts that a report keeps to it.</summary>
    public static void Holds(string report)
    {
        using var json = JsonDocument.Parse(report);
        var root = json.RootElement;
        Assert.Equal("""{"major":5,"minor":3}""", Regex.Replace(root.GetProperty("version").GetRawText(), @"\s", ""));
        Assert.Equal(["version", "checkouts", "builds", "tests"], root.EnumerateObject().Select(p => p.Name));
        Assert.All(root.GetProperty("checkouts").EnumerateArray(), c => Keeps(c, "comment"));
        var checkouts = Ids(root.GetProperty("checkouts"));
        Assert.All(root.GetProperty("builds").EnumerateArray(), b =>
        {
            Keeps(b, "checkout_id", "comment");
            Assert.Contains(b.GetProperty("checkout_id").GetString(), checkouts);
        });
        var builds = Ids(root.GetProperty("builds"));
        Assert.All(root.GetProperty("tests").EnumerateArray(), test => KeepsTest(test, builds));
        Assert.Equal(root.GetProperty("tests").GetArrayLength(), Ids(root.GetProperty("tests")).Count);
    }

    static void KeepsTest(JsonElement test, HashSet<string?> builds)
    {
        Keeps(test, "build_id", "path", "comment", "status", "start_time", "duration", "log_excerpt", "environment", "misc");
        Assert.Contains(test.GetProperty("build_id").GetString(), builds);
        Assert.Matches(TestPath(), test.GetProperty("path").GetString());
        Assert.Contains(test.GetProperty("status").GetString(), (string[])["FAIL", "ERROR", "MISS", "PASS", "DONE", "SKIP"]);
        Assert.True(test.GetProperty("start_time").TryGetDateTimeOffset(out _));
        Assert.True(test.GetProperty("duration").GetDouble() >= 0);
        if (test.TryGetProperty("log_excerpt", out var excerpt)) Assert.InRange(excerpt.GetString()!.Length, 1, 16384);
    }

    static void Keeps(JsonElement thing, params string[] allowed)
    {
        Assert.All(thing.EnumerateObject(), p => Assert.Contains(p.Name, (string[])["id", "origin", .. allowed]));
        Assert.Matches("^[a-z0-9_]+$", thing.GetProperty("origin").GetString());
        Assert.Matches("^[a-z0-9_]+:[^\\0]*$", thing.GetProperty("id").GetString());
        Assert.All(thing.EnumerateObject().Where(p => p.Value.ValueKind == JsonValueKind.String), p => Assert.DoesNotContain('\0', p.Value.GetString()!));
    }

    static HashSet<string?> Ids(JsonElement things) => [.. things.EnumerateArray().Select(t => t.GetProperty("id").GetString())];

    [GeneratedRegex(@"^([a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*)?$")]
    private static partial Regex TestPath();
}
